#include "client-core/runtime/data_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "shared/util/replace_file.h"

namespace gleaner {

namespace fs = std::filesystem;

namespace {

/// Of a Unix socket's 107 bytes, without the folder and file that an engine adds.
constexpr std::size_t runtime_path_max = 85;

/// Only what engines make: the owner may have chosen a folder that holds other things.
void remove_old_sockets(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (it->path().filename().string().starts_with("e-")) fs::remove_all(it->path(), error);
    }
}

int open_lock(const fs::path& path, int flags) {
    return ::open((path / "lock").c_str(), flags | O_CLOEXEC, 0600);
}

}  // namespace

Result<DataFolder> DataFolder::open(fs::path path) {
    std::error_code error;
    path = fs::absolute(path, error);
    if ((path / "sockets").string().size() > runtime_path_max) {
        return Error(ErrorCode::invalid_argument,
                     "the name of the data folder " + path.string() +
                         " is too long for Unix sockets: choose a data_dir of at most 75 letters");
    }
    fs::create_directories(path, error);
    if (error) {
        return error_from_errno("cannot create the data folder " + path.string(), error.value());
    }
    fs::permissions(path, fs::perms::owner_all, error);
    const int lock = open_lock(path, O_RDWR | O_CREAT);
    if (lock < 0) return error_from_errno("cannot write to " + path.string(), errno);
    DataFolder folder(std::move(path), lock);
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        return Error(ErrorCode::failed_precondition,
                     "another gleaner-node runs in " + folder.path_.string() +
                         ": stop it, or give this one another data_dir and instance");
    }
    fs::create_directories(folder.runtime_dir(), error);
    if (error) {
        return error_from_errno("cannot create " + folder.runtime_dir().string(), error.value());
    }
    fs::permissions(folder.runtime_dir(), fs::perms::owner_all, error);
    remove_old_sockets(folder.runtime_dir());
    return folder;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
    if (lock_ >= 0) ::close(lock_);
}

void DataFolder::write_status(const std::string& json) const {
    (void)replace_file(path_ / "status.json", json + "\n");
}

Result<std::string> DataFolder::read_status(const fs::path& path) {
    std::ifstream file(path / "status.json", std::ios::binary);
    if (!file) {
        return Error(ErrorCode::not_found, "no node has run in " + path.string() +
                                               ": check data_dir, or start gleaner-node run");
    }
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

bool DataFolder::in_use(const fs::path& path) {
    const int lock = open_lock(path, O_RDWR);
    if (lock < 0) return false;
    const bool taken = ::flock(lock, LOCK_SH | LOCK_NB) != 0;
    ::close(lock);
    return taken;
}

}  // namespace gleaner
