/// What nodes ask about neighbours and what the coordinator answers: what decodes must decode again
/// from its own encoding.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/proto/lan.pb.h"
#include "shared/proto/lan_check.h"

namespace {

template <class Message>
void decode_and_encode(std::string_view bytes) {
    Message message;
    if (!gleaner::wire::decode(bytes, message)) return;
    Message again;
    if (!gleaner::wire::decode(message.SerializeAsString(), again)) std::abort();
    if (again.SerializeAsString() != message.SerializeAsString()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    // The first byte chooses the message, so that one corpus serves both.
    const std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    if (bytes[0] % 2 == 0) {
        decode_and_encode<gleaner::wire::WhereQuestion>(rest);
    } else {
        decode_and_encode<gleaner::wire::WhereAnswer>(rest);
    }
    return 0;
}
