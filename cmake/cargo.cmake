# The target yolanda_cargo: cargo builds the library, and the results go to YOLANDA_LIBRARY_DIR
# under the names that they have when installed.

if(DEFINED ENV{CARGO})
  set(YOLANDA_CARGO "$ENV{CARGO}")
else()
  find_program(YOLANDA_CARGO cargo PATHS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin" REQUIRED)
endif()

# The "1" of the SONAME, libyolanda.so.1: the interface, whatever the version.
set(YOLANDA_ABI 1)
set(YOLANDA_LIBRARY_DIR "${CMAKE_CURRENT_BINARY_DIR}/lib")
set(YOLANDA_SO libyolanda.so.${PROJECT_VERSION})

if(YOLANDA_CARGO_PROFILE STREQUAL "dev")
  set(cargo_output "${YOLANDA_CARGO_TARGET_DIR}/debug")
  set(keep_debug -g)
else()
  set(cargo_output "${YOLANDA_CARGO_TARGET_DIR}/${YOLANDA_CARGO_PROFILE}")
  set(keep_debug "")
endif()

if(YOLANDA_INSTALL)
  set(in_all ALL)
else()
  set(in_all "")
endif()

# Cargo knows itself what is out of date, so it is always asked. scripts/archive makes of its
# static library the one that programs link to. They are linked again only when the copy changed.
# MAKEFLAGS names a job server that cargo can't reach from here.
add_custom_target(yolanda_cargo ${in_all}
  COMMAND "${CMAKE_COMMAND}" -E env --unset=MAKEFLAGS --unset=CARGO_BUILD_TARGET
    "CARGO_TARGET_DIR=${YOLANDA_CARGO_TARGET_DIR}"
    "${YOLANDA_CARGO}" build --lib --locked
    --manifest-path "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml"
    --profile "${YOLANDA_CARGO_PROFILE}" ${YOLANDA_CARGO_FLAGS}
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${YOLANDA_LIBRARY_DIR}"
  COMMAND "${CMAKE_COMMAND}" -E env "CC=${CMAKE_C_COMPILER}"
    bash "${CMAKE_CURRENT_SOURCE_DIR}/scripts/archive" ${keep_debug}
    "${cargo_output}" "${CMAKE_CURRENT_BINARY_DIR}/libyolanda.a"
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different
    "${CMAKE_CURRENT_BINARY_DIR}/libyolanda.a" "${YOLANDA_LIBRARY_DIR}/libyolanda.a"
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different
    "${cargo_output}/libyolanda.so" "${YOLANDA_LIBRARY_DIR}/${YOLANDA_SO}"
  COMMAND "${CMAKE_COMMAND}" -E create_symlink
    ${YOLANDA_SO} "${YOLANDA_LIBRARY_DIR}/libyolanda.so.${YOLANDA_ABI}"
  COMMAND "${CMAKE_COMMAND}" -E create_symlink
    libyolanda.so.${YOLANDA_ABI} "${YOLANDA_LIBRARY_DIR}/libyolanda.so"
  BYPRODUCTS
    "${YOLANDA_LIBRARY_DIR}/libyolanda.a"
    "${YOLANDA_LIBRARY_DIR}/${YOLANDA_SO}"
    "${YOLANDA_LIBRARY_DIR}/libyolanda.so.${YOLANDA_ABI}"
    "${YOLANDA_LIBRARY_DIR}/libyolanda.so"
  COMMENT "Building libyolanda with cargo"
  USES_TERMINAL
  VERBATIM)
