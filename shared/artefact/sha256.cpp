#include "shared/artefact/sha256.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <openssl/evp.h>

#include "shared/util/check.h"
#include "shared/util/hex.h"

namespace gleaner {

struct Sha256Hasher::Context {
    Context() : evp(EVP_MD_CTX_new()) {
        GLEANER_CHECK(evp != nullptr, "no memory for a hash context");
        start();
    }
    ~Context() { EVP_MD_CTX_free(evp); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    void start() const {
        GLEANER_CHECK(EVP_DigestInit_ex(evp, EVP_sha256(), nullptr) == 1, "SHA-256 is missing");
    }

    EVP_MD_CTX* evp;
};

Sha256Hasher::Sha256Hasher() : context_(std::make_unique<Context>()) {}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::update(std::span<const std::uint8_t> bytes) {
    GLEANER_CHECK(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1, "SHA-256");
}

void Sha256Hasher::update(std::string_view bytes) {
    GLEANER_CHECK(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1, "SHA-256");
}

Sha256 Sha256Hasher::finish() {
    std::array<std::uint8_t, 32> digest{};
    GLEANER_CHECK(EVP_DigestFinal_ex(context_->evp, digest.data(), nullptr) == 1, "SHA-256");
    context_->start();
    return Sha256(to_hex(digest));
}

Sha256 hash_bytes(std::string_view bytes) {
    Sha256Hasher hasher;
    hasher.update(bytes);
    return hasher.finish();
}

Sha256 hash_bytes(std::span<const std::uint8_t> bytes) {
    Sha256Hasher hasher;
    hasher.update(bytes);
    return hasher.finish();
}

Result<Sha256> hash_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               &std::fclose);
    if (!file) {
        if (errno == ENOENT) return Error(ErrorCode::not_found, path + ": no such file");
        return error_from_errno("cannot read " + path, errno);
    }
    Sha256Hasher hasher;
    std::vector<std::uint8_t> buffer(1 << 20);
    while (true) {
        const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
        hasher.update(std::span<const std::uint8_t>(buffer.data(), count));
        if (count < buffer.size()) break;
    }
    if (std::ferror(file.get()) != 0) return error_from_errno("cannot read " + path, errno);
    return hasher.finish();
}

Result<Sha256> parse_sha256(std::string_view text) {
    const bool good = text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
    if (!good) {
        return Error(ErrorCode::invalid_argument,
                     "not a SHA-256: it is written as 64 lower-case hex characters");
    }
    return Sha256(std::string(text));
}

}  // namespace gleaner
