#include "client-core/platform/linux/guest/x11_library.h"

#include <dlfcn.h>
#include <string>

namespace gleaner::guest {

namespace {

template <class Symbol>
bool find(void* handle, const char* name, Symbol& symbol) {
    symbol = reinterpret_cast<Symbol>(dlsym(handle, name));
    return symbol != nullptr;
}

Error too_old(const char* file) {
    return {ErrorCode::unsupported, std::string("X11: ") + file + " is too old"};
}

}  // namespace

Status X11Library::load(void*& handle, const char* file) {
    handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) return ok();
    return Error(ErrorCode::unsupported,
                 std::string("X11: ") + file + " is missing: install the package that has it");
}

Result<std::unique_ptr<X11Library>> X11Library::open() {
    std::unique_ptr<X11Library> library(new X11Library());
    GLEANER_TRY(library->load(library->core_, "libxcb.so.1"));
    GLEANER_TRY(library->load(library->input_handle_, "libxcb-xinput.so.0"));
    GLEANER_TRY(library->load(library->screensaver_handle_, "libxcb-screensaver.so.0"));
#define GLEANER_FIND(handle, name) &&find(library->handle, #name, library->name)
#define GLEANER_CORE(name) GLEANER_FIND(core_, name)
#define GLEANER_INPUT(name) GLEANER_FIND(input_handle_, name)
#define GLEANER_SCREENSAVER(name) GLEANER_FIND(screensaver_handle_, name)
    if (!(true GLEANER_XCB_CORE(GLEANER_CORE))) return too_old("libxcb.so.1");
    if (!(true GLEANER_XCB_INPUT(GLEANER_INPUT)) ||
        !find(library->input_handle_, "xcb_input_id", library->input))
        return too_old("libxcb-xinput.so.0");
    if (!(true GLEANER_XCB_SCREENSAVER(GLEANER_SCREENSAVER)) ||
        !find(library->screensaver_handle_, "xcb_screensaver_id", library->screensaver))
        return too_old("libxcb-screensaver.so.0");
#undef GLEANER_FIND
#undef GLEANER_CORE
#undef GLEANER_INPUT
#undef GLEANER_SCREENSAVER
    return library;
}

X11Library::~X11Library() {
    for (void* const handle : {screensaver_handle_, input_handle_, core_}) {
        if (handle != nullptr) dlclose(handle);
    }
}

}  // namespace gleaner::guest
