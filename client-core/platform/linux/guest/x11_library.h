#pragma once
/// The functions of libxcb used here, loaded when there is an X server to speak to: a headless
/// machine needs no such library.

#include <memory>
#include <xcb/screensaver.h>
#include <xcb/xcb.h>
#include <xcb/xinput.h>

#include "shared/util/result.h"

namespace gleaner::guest {

// Each name is a function of that library, and a member here with the type its header gives it.
#define GLEANER_XCB_CORE(FUNCTION)            \
    FUNCTION(xcb_connect_to_fd)               \
    FUNCTION(xcb_connection_has_error)        \
    FUNCTION(xcb_disconnect)                  \
    FUNCTION(xcb_flush)                       \
    FUNCTION(xcb_poll_for_event)              \
    FUNCTION(xcb_get_setup)                   \
    FUNCTION(xcb_setup_roots_iterator)        \
    FUNCTION(xcb_get_extension_data)          \
    FUNCTION(xcb_query_extension)             \
    FUNCTION(xcb_query_extension_reply)       \
    FUNCTION(xcb_intern_atom)                 \
    FUNCTION(xcb_intern_atom_reply)           \
    FUNCTION(xcb_change_window_attributes)    \
    FUNCTION(xcb_get_property)                \
    FUNCTION(xcb_get_property_reply)          \
    FUNCTION(xcb_get_property_value)          \
    FUNCTION(xcb_get_property_value_length)   \
    FUNCTION(xcb_get_window_attributes)       \
    FUNCTION(xcb_get_window_attributes_reply) \
    FUNCTION(xcb_get_geometry)                \
    FUNCTION(xcb_get_geometry_reply)          \
    FUNCTION(xcb_query_tree)                  \
    FUNCTION(xcb_query_tree_reply)            \
    FUNCTION(xcb_query_tree_children)         \
    FUNCTION(xcb_query_tree_children_length)

#define GLEANER_XCB_INPUT(FUNCTION)            \
    FUNCTION(xcb_input_xi_query_version)       \
    FUNCTION(xcb_input_xi_query_version_reply) \
    FUNCTION(xcb_input_xi_select_events)

#define GLEANER_XCB_SCREENSAVER(FUNCTION) \
    FUNCTION(xcb_screensaver_query_info)  \
    FUNCTION(xcb_screensaver_query_info_reply)

/// Stays loaded while it lives.
class X11Library {
public:
    /// unsupported: a library is missing; the message says which.
    [[nodiscard]] static Result<std::unique_ptr<X11Library>> open();
    ~X11Library();
    X11Library(const X11Library&) = delete;
    X11Library& operator=(const X11Library&) = delete;

#define GLEANER_MEMBER(name) decltype(&::name) name = nullptr;
    GLEANER_XCB_CORE(GLEANER_MEMBER)
    GLEANER_XCB_INPUT(GLEANER_MEMBER)
    GLEANER_XCB_SCREENSAVER(GLEANER_MEMBER)
#undef GLEANER_MEMBER
    xcb_extension_t* input = nullptr;
    xcb_extension_t* screensaver = nullptr;

private:
    X11Library() = default;
    Status load(void*& handle, const char* file);

    void* core_ = nullptr;
    void* input_handle_ = nullptr;
    void* screensaver_handle_ = nullptr;
};

}  // namespace gleaner::guest
