/// Frames from either side: what decodes must pass the check again and survive its own encoding.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"

namespace {

template <class Message>
void decode_and_encode(std::string_view bytes) {
    Message message;
    if (!gleaner::wire::decode(bytes, message)) return;
    if (!gleaner::wire::check(message)) std::abort();
    Message again;
    if (!gleaner::wire::decode(message.SerializeAsString(), again)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    // The first byte chooses the message, so that one corpus serves all.
    const std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    switch (bytes[0] % 5) {
        case 0:
            decode_and_encode<gleaner::wire::ToCoordinator>(rest);
            break;
        case 1:
            decode_and_encode<gleaner::wire::ToNode>(rest);
            break;
        case 2:
            decode_and_encode<gleaner::wire::EnrolRequest>(rest);
            break;
        case 3:
            decode_and_encode<gleaner::wire::EnrolResponse>(rest);
            break;
        case 4:
            decode_and_encode<gleaner::wire::ChunkList>(rest);
            break;
    }
    return 0;
}
