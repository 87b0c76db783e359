#pragma once
/// How messages of the local socket (control.proto) follow each other: four bytes of size, most
/// significant first, then the message. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/util/result.h"

namespace google::protobuf {
class MessageLite;
}

namespace gleaner::control {

inline constexpr std::uint32_t protocol_version = 1;
/// No message is larger: a log page of 500 lines is a tenth of it.
inline constexpr std::size_t message_bytes_max = 1u << 20;

[[nodiscard]] std::string frame_of(const google::protobuf::MessageLite& message);

/// Takes bytes as they come and gives whole messages. Keeps at most one message beyond what was
/// last appended.
class FrameReader {
public:
    void append(std::string_view bytes) { bytes_.append(bytes); }
    /// Reads the next message into `message`: true; false when more bytes are needed. Errors, after
    /// which the connection is of no use: invalid_argument when it is too large or no such message.
    [[nodiscard]] Result<bool> next(google::protobuf::MessageLite& message);

private:
    std::string bytes_;
    std::size_t taken_ = 0;
};

}  // namespace gleaner::control
