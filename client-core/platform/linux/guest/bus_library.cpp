#include "client-core/platform/linux/guest/bus_library.h"

#include <dlfcn.h>

namespace gleaner::guest {

namespace {

template <class Symbol>
bool find(void* handle, const char* name, Symbol& symbol) {
    symbol = reinterpret_cast<Symbol>(dlsym(handle, name));
    return symbol != nullptr;
}

}  // namespace

Result<std::unique_ptr<BusLibrary>> BusLibrary::open() {
    std::unique_ptr<BusLibrary> library(new BusLibrary());
    library->handle_ = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library->handle_ == nullptr)
        return Error(ErrorCode::unsupported,
                     "D-Bus: libsystemd.so.0 is missing: install the package that has it");
#define GLEANER_FIND(name) &&find(library->handle_, #name, library->name)
    if (!(true GLEANER_SD_BUS(GLEANER_FIND)))
        return Error(ErrorCode::unsupported, "D-Bus: libsystemd.so.0 is older than 237");
#undef GLEANER_FIND
    return library;
}

BusLibrary::~BusLibrary() {
    if (handle_ != nullptr) dlclose(handle_);
}

}  // namespace gleaner::guest
