#include "coordinator/vault/key_ring.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>

#include <openssl/evp.h>

#include "shared/util/check.h"
#include "shared/util/hex.h"
#include "shared/util/random.h"

namespace gleaner::vault {

namespace {

constexpr std::string_view file_head = "gleaner keys 1";
constexpr std::size_t id_characters = 8;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using Bytes = std::vector<std::uint8_t>;

struct CipherDeleter {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::string to_base64(const Bytes& bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(text.data()), bytes.data(),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    Bytes bytes(text.size() / 4 * 3);
    const int length = EVP_DecodeBlock(bytes.data(), bytes_of(text), static_cast<int>(text.size()));
    if (length < 0) return std::nullopt;
    const auto padding = static_cast<std::size_t>(text.ends_with("==")  ? 2
                                                  : text.ends_with("=") ? 1
                                                                        : 0);
    bytes.resize(static_cast<std::size_t>(length) - padding);
    // Some texts decode to the same bytes: only the one that was written is taken.
    if (to_base64(bytes) != text) return std::nullopt;
    return bytes;
}

/// nonce, ciphertext, tag.
Bytes encrypt(const std::uint8_t* key, std::string_view plain, std::string_view context) {
    Bytes sealed(nonce_bytes + plain.size() + tag_bytes);
    random_bytes(std::span(sealed).first(nonce_bytes));
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int done = 0;
    int last = 0;
    std::uint8_t* const body = sealed.data() + nonce_bytes;
    const bool good =
        cipher != nullptr &&
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key, sealed.data()) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &done, bytes_of(context),
                          static_cast<int>(context.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), body, &done, bytes_of(plain),
                          static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), body + done, &last) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, body + plain.size()) ==
            1;
    GLEANER_CHECK(good, "encryption fails only for want of memory");
    return sealed;
}

std::optional<std::string> decrypt(const std::uint8_t* key, Bytes sealed,
                                   std::string_view context) {
    if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
    const std::size_t size = sealed.size() - nonce_bytes - tag_bytes;
    std::string plain(size + 1, '\0');  // room, even for nothing
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int done = 0;
    int last = 0;
    auto* const out = reinterpret_cast<std::uint8_t*>(plain.data());
    std::uint8_t* const body = sealed.data() + nonce_bytes;
    const bool good =
        cipher != nullptr &&
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key, sealed.data()) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &done, bytes_of(context),
                          static_cast<int>(context.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), out, &done, body, static_cast<int>(size)) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, body + size) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), out + done, &last) == 1;
    if (!good) return std::nullopt;
    plain.resize(size);
    return plain;
}

Error damaged_file() {
    return {ErrorCode::data_corrupt,
            "it holds no keys of Gleaner, or damaged ones: restore it from your backup"};
}

}  // namespace

KeyRing::Key KeyRing::new_key() {
    Key key;
    std::array<std::uint8_t, id_characters / 2> id{};
    random_bytes(id);
    random_bytes(key.secret);
    key.id = to_hex(id);
    return key;
}

KeyRing KeyRing::generate() {
    return KeyRing({new_key()});
}

Result<KeyRing> KeyRing::parse(std::string_view text) {
    std::istringstream lines{std::string(text)};
    std::string line;
    if (!std::getline(lines, line) || line != file_head) return damaged_file();
    std::vector<Key> keys;
    while (std::getline(lines, line)) {
        const auto space = line.find(' ');
        if (space != id_characters || !from_hex(line.substr(0, space))) return damaged_file();
        const auto secret = from_hex(line.substr(space + 1));
        if (!secret || secret->size() != key_bytes) return damaged_file();
        Key key;
        key.id = line.substr(0, space);
        std::ranges::copy(*secret, key.secret.begin());
        keys.push_back(std::move(key));
    }
    if (keys.empty()) return damaged_file();
    return KeyRing(std::move(keys));
}

std::string KeyRing::text() const {
    std::string text(file_head);
    text += '\n';
    for (const auto& key : keys_) text += key.id + ' ' + to_hex(key.secret) + '\n';
    return text;
}

std::string KeyRing::seal(std::string_view plain, std::string_view context) const {
    const auto& key = keys_.back();
    return key.id + ':' + to_base64(encrypt(key.secret.data(), plain, context));
}

Result<std::string> KeyRing::open(std::string_view sealed, std::string_view context) const {
    const Error damaged(ErrorCode::data_corrupt,
                        "what is sealed was changed, or belongs to somebody else: restore the "
                        "database from a backup");
    const auto id = key_of(sealed);
    if (id.empty()) return damaged;
    const auto key = std::ranges::find(keys_, id, &Key::id);
    if (key == keys_.end()) {
        return Error(ErrorCode::not_found,
                     "the key " + id +
                         " is missing: put its line back into the key file from your backup and "
                         "restart, or let the account be set again");
    }
    auto bytes = from_base64(sealed.substr(id.size() + 1));
    if (!bytes) return damaged;
    auto plain = decrypt(key->secret.data(), std::move(*bytes), context);
    if (!plain) return damaged;
    return std::move(*plain);
}

KeyRing KeyRing::with_new_key() const {
    auto keys = keys_;
    keys.push_back(new_key());
    return KeyRing(std::move(keys));
}

KeyRing KeyRing::with_only(const std::set<std::string>& ids) const {
    auto keys = keys_;
    std::erase_if(keys,
                  [&](const Key& key) { return key.id != current() && !ids.contains(key.id); });
    return KeyRing(std::move(keys));
}

std::string key_of(std::string_view sealed) {
    if (sealed.size() <= id_characters || sealed[id_characters] != ':') return {};
    return std::string(sealed.substr(0, id_characters));
}

}  // namespace gleaner::vault
