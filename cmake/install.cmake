# Library, headers, CMake package and pkg-config file. Every path in them is relative to where
# they lie, so that the installed tree can be moved.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/yolanda")

install(FILES
  "${YOLANDA_LIBRARY_DIR}/${YOLANDA_SO}"
  "${YOLANDA_LIBRARY_DIR}/libyolanda.so.${YOLANDA_ABI}"
  "${YOLANDA_LIBRARY_DIR}/libyolanda.so"
  "${YOLANDA_LIBRARY_DIR}/libyolanda.a"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}")

# Below yolanda/: a config.h in the common folder would be found by other projects.
install(DIRECTORY include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/yolanda"
  FILES_MATCHING PATTERN "*.h" PATTERN "*.json")

if(YOLANDA_SHARED)
  set(installed_shared ON)
else()
  set(installed_shared OFF)
endif()
configure_package_config_file(cmake/yolandaConfig.cmake.in yolandaConfig.cmake
  INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
# While the major number is 0, minor versions may differ in what yolanda.h declares.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatible SameMinorVersion)
else()
  set(compatible SameMajorVersion)
endif()
write_basic_package_version_file(yolandaConfigVersion.cmake COMPATIBILITY ${compatible})
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/yolandaConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/yolandaConfigVersion.cmake"
  cmake/yolandaTarget.cmake
  DESTINATION "${package_dir}")

file(RELATIVE_PATH up_from_pc
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}/.")
file(RELATIVE_PATH pc_libdir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
file(RELATIVE_PATH pc_includedir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
foreach(name IN ITEMS yolanda yolanda-shared)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
