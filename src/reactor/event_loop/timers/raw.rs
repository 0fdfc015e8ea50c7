//! Timers as callers see them that have no references yet.
