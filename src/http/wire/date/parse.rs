//! Parses dates from clients, in the three formats of RFC 9110, 5.6.7.

#![forbid(unsafe_code)]

use super::{DAYS, MONTHS};
use crate::sys::clock::civil;

/// The seconds since 1970-01-01 UTC; None for an invalid date or a wrong day of the week. `now`, in the same
/// unit, determines the century of a year with two digits.
pub fn parse(text: &[u8], now: i64) -> Option<i64> {
    let day = |at| position(DAYS, text.get(at..at + 3)?);
    match text.get(3)? {
        b',' => {
            // "Sun, 06 Nov 1994 08:49:37 GMT"
            let (date, time) = text.get(4..)?.split_at_checked(12)?;
            let [b' ', _, _, b' ', _, _, _, b' ', year @ ..] = date else {
                return None;
            };
            let (year, day_of_month) = (number(year)?, number(date.get(1..3)?)?);
            let month = position(MONTHS, date.get(4..7)?)?;
            second(day(0)?, year, month, day_of_month, zoned(time)?)
        }
        b' ' => {
            // "Sun Nov  6 08:49:37 1994"
            let [b' ', _, _, _, b' ', tens, units, b' ', rest @ ..] = text.get(3..)? else {
                return None;
            };
            let tens = if *tens == b' ' { b'0' } else { *tens };
            let (time, year) = rest.split_at_checked(8)?;
            let year = number(year.strip_prefix(b" ").filter(|year| year.len() == 4)?)?;
            let month = position(MONTHS, text.get(4..7)?)?;
            second(day(0)?, year, month, number(&[tens, *units])?, clock(time)?)
        }
        _ => {
            // "Sunday, 06-Nov-94 08:49:37 GMT"
            let comma = text.iter().position(|&b| b == b',')?;
            let (name, rest) = text.split_at_checked(comma)?;
            let weekday = LONG_DAYS.iter().position(|long| *long == name)? as i64;
            let (date, time) = rest.split_at_checked(11)?;
            let [b',', b' ', _, _, b'-', _, _, _, b'-', year @ ..] = date else {
                return None;
            };
            let (day_of_month, month) =
                (number(date.get(2..4)?)?, position(MONTHS, date.get(5..8)?)?);
            let (this_year, ..) = civil(now.div_euclid(86_400));
            let mut year = this_year.div_euclid(100) * 100 + number(year)?;
            // More than 50 years in the future means the century before.
            if year > this_year + 50 {
                year -= 100;
            } else if year <= this_year - 50 {
                year += 100;
            }
            second(weekday, year, month, day_of_month, zoned(time)?)
        }
    }
}

const LONG_DAYS: [&[u8]; 7] =
    [b"Sunday", b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday"];

/// The index of a three-letter name.
fn position(names: &[u8], name: &[u8]) -> Option<i64> {
    names.chunks(3).position(|each| each == name).map(|at| at as i64)
}

/// The number that the digits represent; None for anything but digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
    })
}

/// The second of the day for " 08:49:37 GMT".
fn zoned(text: &[u8]) -> Option<i64> {
    clock(text.strip_prefix(b" ")?.strip_suffix(b" GMT")?)
}

/// The second of the day for "08:49:37"; a leap second counts as the following second.
fn clock(text: &[u8]) -> Option<i64> {
    let [h0, h1, b':', m0, m1, b':', s0, s1] = text else {
        return None;
    };
    let (hour, minute) = (number(&[*h0, *h1])?, number(&[*m0, *m1])?);
    let second = number(&[*s0, *s1])?;
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// Seconds since 1970-01-01 for these parts; None if there is no such day.
fn second(weekday: i64, year: i64, month: i64, day: i64, time: i64) -> Option<i64> {
    // Years are taken to begin in March, as in `civil`.
    let march_year = if month < 2 { year - 1 } else { year };
    let march_month = (month + 10) % 12;
    let of_year = (153 * march_month + 2) / 5 + day - 1;
    let of_era = march_year.rem_euclid(400);
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let days = march_year.div_euclid(400) * 146_097 + of_era - 719_468;
    // A day such as June 31 becomes another one when it is converted back.
    let exists = civil(days) == (year, month, day) && (days + 4).rem_euclid(7) == weekday;
    exists.then_some(days * 86_400 + time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::date::text;

    const NOW: i64 = 1_790_000_000; // in 2026

    #[test]
    fn every_day_reads_back() {
        for day in -200_000i64..200_000 {
            let second = day * 86_400 + day.rem_euclid(86_400);
            assert_eq!(parse(&text(second), NOW), Some(second));
        }
    }

    #[test]
    fn three_forms() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(date.as_bytes(), NOW), Some(784_111_777), "{date}");
        }
        assert_eq!(parse(b"Thu Nov 10 00:00:00 1994", NOW), Some(784_425_600));
        assert_eq!(parse(b"Sat, 31 Dec 2016 23:59:60 GMT", NOW), Some(1_483_228_800));
    }

    /// Years from 50 in the past to 50 in the future.
    #[test]
    fn years_of_two_digits() {
        for (date, expected) in [
            ("Thursday, 01-Jan-26 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("Wednesday, 01-Jan-76 00:00:00 GMT", "Wed, 01 Jan 2076 00:00:00 GMT"),
            ("Saturday, 01-Jan-77 00:00:00 GMT", "Sat, 01 Jan 1977 00:00:00 GMT"),
            ("Friday, 31-Dec-99 00:00:00 GMT", "Fri, 31 Dec 1999 00:00:00 GMT"),
        ] {
            let second = parse(date.as_bytes(), NOW).expect(date);
            assert_eq!(std::str::from_utf8(&text(second)), Ok(expected));
        }
        // In 2080, 20 means the next century.
        assert_eq!(parse(b"Wednesday, 01-Jan-20 00:00:00 GMT", NOW), Some(1_577_836_800));
        let later = parse(b"Mon, 01 Jan 2120 00:00:00 GMT", NOW);
        assert_eq!(parse(b"Monday, 01-Jan-20 00:00:00 GMT", 3_471_292_800), later);
    }

    #[test]
    fn what_is_no_date() {
        for bad in [
            "",
            "Sun",
            "Sun,",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Fri, 31 Jun 1994 08:49:37 GMT",
            "Tue, 29 Feb 2023 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06 Nov 94 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37",
            "Monday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 1994 GMT",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 08:49:371994",
            "0",
            "784111777",
            ", , , ,",
        ] {
            assert_eq!(parse(bad.as_bytes(), NOW), None, "{bad}");
        }
    }
}
