#pragma once
/// The key ring in force, and its file in the data folder (mode 0600). Whoever seals or opens takes
/// the ring once and keeps it for that work; a rotation replaces it for those who come later.
///
/// A rotation in steps, each safe to be killed after:
///     save(…), use(…)   the file holds the old keys and a new one, which seals from now on
///     (the store)       everything is sealed again with the new key, in one transaction
///     save(…), use(…)   the file holds only keys that still seal something

#include <filesystem>
#include <memory>
#include <utility>

#include "coordinator/vault/key_ring.h"
#include "shared/util/result.h"

namespace gleaner::vault {

/// One thread at a time, but for save(); the rings that it hands out are for any thread.
class Vault {
public:
    /// Reads the file, or makes one with a new key. Errors: those of reading and writing it, with
    /// its name; permission_denied when others can read it.
    [[nodiscard]] static Result<Vault> open(const std::filesystem::path& file);

    [[nodiscard]] std::shared_ptr<const KeyRing> ring() const { return ring_; }
    /// True when open() made the file.
    [[nodiscard]] bool is_new() const { return is_new_; }

    /// Writes the file, durably; any thread.
    [[nodiscard]] Status save(const KeyRing& ring) const;
    /// After it was saved: ring() gives it from now on.
    void use(std::shared_ptr<const KeyRing> ring) { ring_ = std::move(ring); }

private:
    Vault(std::filesystem::path file, KeyRing ring, bool is_new)
        : file_(std::move(file)),
          ring_(std::make_shared<const KeyRing>(std::move(ring))),
          is_new_(is_new) {}

    std::filesystem::path file_;
    std::shared_ptr<const KeyRing> ring_;
    bool is_new_;
};

}  // namespace gleaner::vault
