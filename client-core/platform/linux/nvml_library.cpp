#include "client-core/platform/linux/nvml_library.h"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <system_error>

namespace gleaner::nvml {

Library::~Library() {
    if (started_) shutdown_();
    if (handle_ != nullptr) dlclose(handle_);
}

void* Library::address_of(const char* symbol) const {
    return dlsym(handle_, symbol);
}

Result<std::unique_ptr<Library>> Library::open(const NvidiaManagement::Places& places) {
    const bool driver = std::any_of(places.driver_marks.begin(), places.driver_marks.end(),
                                    [](const std::filesystem::path& mark) {
                                        std::error_code ec;
                                        return std::filesystem::exists(mark, ec);
                                    });
    if (!driver) return Error(ErrorCode::not_found, "NVIDIA: no driver on this machine");
    std::unique_ptr<Library> library(new Library);
    library->handle_ = dlopen(places.library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library->handle_ == nullptr) {
        const char* const why = dlerror();
        return Error(ErrorCode::unsupported,
                     std::string("NVIDIA: the driver is there, its library is not (") +
                         (why != nullptr ? why : places.library) + "): install the package with " +
                         places.library);
    }
    const bool found = library->find("nvmlInit_v2", library->init_) &&
                       library->find("nvmlShutdown", library->shutdown_) &&
                       library->find("nvmlErrorString", library->error_string_) &&
                       library->find("nvmlDeviceGetCount_v2", library->count) &&
                       library->find("nvmlDeviceGetHandleByIndex_v2", library->by_index) &&
                       library->find("nvmlDeviceGetMinorNumber", library->minor_number);
    if (!found)
        return Error(ErrorCode::unsupported,
                     "NVIDIA: " + places.library + " lacks functions: the driver is too old");
    const Return code = library->init_();
    if (code != success) return library->refusal("its management library refuses", code);
    library->started_ = true;
    return library;
}

Error Library::refusal(const char* what, Return code) const {
    return {ErrorCode::unsupported, std::string("NVIDIA: ") + what + ": " + error_string_(code) +
                                        ": reinstall the driver or restart"};
}

}  // namespace gleaner::nvml
