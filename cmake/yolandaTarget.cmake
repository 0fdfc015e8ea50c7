# What a program links to, the same for add_subdirectory() and find_package():
# the imported target `yolanda`, also called `yolanda::yolanda`.
#
#   yolanda_define_target(<library dir> <include dir> [GLOBAL])
#
# YOLANDA_SHARED picks libyolanda.so (true) or libyolanda.a.

function(yolanda_define_target library_dir include_dir)
  if(YOLANDA_SHARED)
    add_library(yolanda SHARED IMPORTED ${ARGN})
    set_target_properties(yolanda PROPERTIES
      IMPORTED_LOCATION "${library_dir}/libyolanda.so.1"
      IMPORTED_SONAME libyolanda.so.1)
  else()
    add_library(yolanda STATIC IMPORTED ${ARGN})
    set_target_properties(yolanda PROPERTIES
      IMPORTED_LOCATION "${library_dir}/libyolanda.a"
      IMPORTED_LINK_INTERFACE_LANGUAGES C)
  endif()
  # The second folder is for programs that say "event_loop.h" instead of "lib/event_loop.h".
  set_target_properties(yolanda PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${include_dir};${include_dir}/lib"
    INTERFACE_LINK_LIBRARIES "pthread;dl;m")
  # The course's way to ask for poll is to leave EPOLL_ENABLE empty.
  if(DEFINED EPOLL_ENABLE AND NOT EPOLL_ENABLE)
    target_compile_definitions(yolanda INTERFACE YOLANDA_POLL_DEFAULT)
  endif()
  add_library(yolanda::yolanda ALIAS yolanda)
endfunction()
