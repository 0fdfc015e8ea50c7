/* Stands before the library's own config.h in CMake projects that leave EPOLL_ENABLE empty:
 * the course's way to say that loops start on poll. */
