# client-core/platform/guest_watch.h and its sources: on made-up trees, and against a real X server,
# a real Wayland server and a real message bus.
pkg_check_modules(GUEST_TEST REQUIRED IMPORTED_TARGET xcb libsystemd wayland-server)
pkg_get_variable(WAYLAND_PROTOCOLS wayland-protocols pkgdatadir)
find_program(WAYLAND_SCANNER wayland-scanner REQUIRED)
set(idle_notify_xml ${WAYLAND_PROTOCOLS}/staging/ext-idle-notify/ext-idle-notify-v1.xml)
set(idle_notify ${CMAKE_CURRENT_BINARY_DIR}/ext-idle-notify-v1)
add_custom_command(
    OUTPUT ${idle_notify}-server-protocol.h ${idle_notify}-protocol.c
    COMMAND ${WAYLAND_SCANNER} server-header ${idle_notify_xml} ${idle_notify}-server-protocol.h
    COMMAND ${WAYLAND_SCANNER} private-code ${idle_notify_xml} ${idle_notify}-protocol.c
    DEPENDS ${idle_notify_xml})
# The generated file is C, of which the options for C++ would warn.
add_library(idle_notify_protocol OBJECT ${idle_notify}-protocol.c)
set_target_properties(idle_notify_protocol PROPERTIES COMPILE_OPTIONS "")
add_library(fake_nvml_use SHARED ${CMAKE_CURRENT_LIST_DIR}/../support/fake_nvml_use.cpp)
gleaner_unit_test(unit_guest_watch
    SOURCES client-core/platform/guest/fake_bus.cpp client-core/platform/guest/gpu_use_test.cpp
            client-core/platform/guest/guest_watch_test.cpp
            client-core/platform/guest/input_test.cpp
            client-core/platform/guest/machine_state_test.cpp
            client-core/platform/guest/process_table_test.cpp
            client-core/platform/guest/system_bus_test.cpp
            client-core/platform/guest/wayland_idle_test.cpp
            client-core/platform/guest/x11_session_test.cpp
            ${idle_notify}-server-protocol.h
    DEPS gleaner_client_guest_watch gleaner_client_platform PkgConfig::GUEST_TEST
         idle_notify_protocol ${CMAKE_DL_LIBS})
target_include_directories(unit_guest_watch PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
target_compile_definitions(unit_guest_watch PRIVATE FAKE_NVML_USE="$<TARGET_FILE:fake_nvml_use>")
add_dependencies(unit_guest_watch fake_nvml_use)
