#include "shared/proto/control_frame.h"

#include <google/protobuf/message_lite.h>

#include "shared/util/check.h"

namespace gleaner::control {

namespace {

constexpr std::size_t size_bytes = 4;

}  // namespace

std::string frame_of(const google::protobuf::MessageLite& message) {
    const std::size_t size = message.ByteSizeLong();
    GLEANER_CHECK(size <= message_bytes_max, "a control message is bounded by its sender");
    std::string frame;
    frame.reserve(size_bytes + size);
    for (int shift = 24; shift >= 0; shift -= 8)
        frame.push_back(static_cast<char>(size >> static_cast<unsigned>(shift)));
    message.AppendToString(&frame);
    return frame;
}

Result<bool> FrameReader::next(google::protobuf::MessageLite& message) {
    const std::string_view rest = std::string_view(bytes_).substr(taken_);
    if (rest.size() < size_bytes) return false;
    std::size_t size = 0;
    for (std::size_t i = 0; i < size_bytes; ++i)
        size = size << 8 | static_cast<unsigned char>(rest[i]);
    if (size > message_bytes_max)
        return Error(ErrorCode::invalid_argument,
                     "a control message of " + std::to_string(size) + " bytes: at most " +
                         std::to_string(message_bytes_max) + " are taken");
    if (rest.size() < size_bytes + size) return false;
    if (!message.ParseFromArray(rest.data() + size_bytes, static_cast<int>(size)))
        return Error(ErrorCode::invalid_argument, "not a message of control.proto");
    taken_ += size_bytes + size;
    if (taken_ == bytes_.size() || taken_ > message_bytes_max) {
        bytes_.erase(0, taken_);
        taken_ = 0;
    }
    return true;
}

}  // namespace gleaner::control
