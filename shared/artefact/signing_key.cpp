#include "shared/artefact/signing_key.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "shared/artefact/sha256.h"
#include "shared/util/check.h"
#include "shared/util/hex.h"

namespace gleaner {

namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

constexpr std::string_view text_prefix = "ed25519:";

MdContext new_md_context() {
    MdContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    GLEANER_CHECK(context != nullptr, "no memory for a signature context");
    return context;
}

/// Base64 of exactly 32 bytes: 44 characters of which the last is '='.
std::optional<std::vector<std::uint8_t>> from_base64_32(std::string_view text) {
    if (text.size() != 44 || text.back() != '=' || text[42] == '=') return std::nullopt;
    std::vector<std::uint8_t> bytes(33);
    const auto* input = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DecodeBlock(bytes.data(), input, 44) != 33) return std::nullopt;
    bytes.resize(32);
    return bytes;
}

Status write_all(int fd, const std::string& path, const char* data, std::size_t size) {
    while (size > 0) {
        const ssize_t count = ::write(fd, data, size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return error_from_errno("cannot write " + path, errno);
        data += count;
        size -= static_cast<std::size_t>(count);
    }
    if (::fsync(fd) != 0) return error_from_errno("cannot write " + path, errno);
    return ok();
}

}  // namespace

struct SigningKey::Handle {
    Pkey key{nullptr, &EVP_PKEY_free};
};

Result<PublicKey> PublicKey::from_text(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
        text.remove_suffix(1);
    }
    if (text.starts_with(text_prefix)) text.remove_prefix(text_prefix.size());
    auto bytes = text.size() == 64 ? from_hex(text) : from_base64_32(text);
    if (!bytes || bytes->size() != 32) {
        return Error(ErrorCode::invalid_argument,
                     "not a public key: expected ed25519: and 64 hex characters, as printed by "
                     "gleanerctl key show");
    }
    std::array<std::uint8_t, 32> raw{};
    std::copy(bytes->begin(), bytes->end(), raw.begin());
    return PublicKey(raw);
}

std::string PublicKey::text() const {
    return std::string(text_prefix) + to_hex(raw_);
}

std::string PublicKey::fingerprint() const {
    return pin().substr(0, 16);
}

std::string PublicKey::pin() const {
    return hash_bytes(raw_).get();
}

bool PublicKey::verifies(std::string_view message, const Ed25519Signature& signature) const {
    const Pkey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw_.data(), raw_.size()),
                   &EVP_PKEY_free);
    if (!key) return false;
    const MdContext context = new_md_context();
    if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
        return false;
    }
    const auto* data = reinterpret_cast<const unsigned char*>(message.data());
    return EVP_DigestVerify(context.get(), signature.data(), signature.size(), data,
                            message.size()) == 1;
}

SigningKey::SigningKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;

SigningKey SigningKey::generate() {
    auto handle = std::make_unique<Handle>();
    handle->key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    GLEANER_CHECK(handle->key != nullptr, "OpenSSL could not make an Ed25519 key");
    return SigningKey(std::move(handle));
}

Result<SigningKey> SigningKey::load(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) return Error(ErrorCode::not_found, path + ": no such key file");
        return error_from_errno("cannot read the key " + path, errno);
    }
    struct stat info {};
    const bool stated = ::fstat(fd, &info) == 0;
    if (!stated || (info.st_mode & 077) != 0 || !S_ISREG(info.st_mode)) {
        ::close(fd);
        return Error(ErrorCode::permission_denied,
                     path + ": other users can read this private key; run: chmod 600 " + path);
    }
    char text[4096];
    const ssize_t count = ::read(fd, text, sizeof text);
    ::close(fd);
    if (count < 0) return error_from_errno("cannot read the key " + path, errno);
    const Bio bio(BIO_new_mem_buf(text, static_cast<int>(count)), &BIO_free_all);
    auto handle = std::make_unique<Handle>();
    // An empty password callback: an encrypted file must fail, not ask on the terminal.
    const auto no_password = [](char*, int, int, void*) { return -1; };
    handle->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    OPENSSL_cleanse(text, sizeof text);
    if (!handle->key || EVP_PKEY_get_id(handle->key.get()) != EVP_PKEY_ED25519) {
        return Error(ErrorCode::data_corrupt,
                     path +
                         ": not an unencrypted Ed25519 private key in PEM form; make one with: "
                         "gleanerctl key new --out FILE");
    }
    return SigningKey(std::move(handle));
}

Status SigningKey::save(const std::string& path) const {
    const Bio bio(BIO_new(BIO_s_secmem()), &BIO_free_all);
    GLEANER_CHECK(bio != nullptr, "no memory for a key");
    GLEANER_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_->key.get(), nullptr, nullptr, 0,
                                                nullptr, nullptr) == 1,
                  "cannot encode a key");
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        if (errno == EEXIST) {
            return Error(ErrorCode::already_exists,
                         path +
                             " exists and is never overwritten: choose another name, or move "
                             "the old key away");
        }
        return error_from_errno("cannot create the key file " + path, errno);
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    const Status written = write_all(fd, path, data, static_cast<std::size_t>(size));
    ::close(fd);
    if (!written) ::unlink(path.c_str());
    return written;
}

Ed25519Signature SigningKey::sign(std::string_view message) const {
    const MdContext context = new_md_context();
    Ed25519Signature signature{};
    std::size_t size = signature.size();
    const auto* data = reinterpret_cast<const unsigned char*>(message.data());
    const bool signed_it =
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_->key.get()) == 1 &&
        EVP_DigestSign(context.get(), signature.data(), &size, data, message.size()) == 1;
    GLEANER_CHECK(signed_it && size == signature.size(), "signing failed");
    return signature;
}

PublicKey SigningKey::public_key() const {
    std::array<std::uint8_t, 32> raw{};
    std::size_t size = raw.size();
    GLEANER_CHECK(EVP_PKEY_get_raw_public_key(handle_->key.get(), raw.data(), &size) == 1,
                  "a private key has a public half");
    return PublicKey(raw);
}

}  // namespace gleaner
