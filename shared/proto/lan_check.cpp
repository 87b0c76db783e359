#include "shared/proto/lan_check.h"

#include "shared/proto/lan.pb.h"
#include "shared/proto/wire_fields.h"

namespace gleaner::wire {

namespace {

constexpr int failed_max = 64;
constexpr std::uint64_t chunks_max = 1u << 20;

template <class Message>
Status parse(std::string_view bytes, Message& message) {
    GLEANER_TRY(check_size("the message", bytes.size(), where_bytes_max));
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return refusal("the message", "cannot be decoded");
    }
    return ok();
}

}  // namespace

Status decode(std::string_view bytes, WhereQuestion& question) {
    GLEANER_TRY(parse(bytes, question));
    GLEANER_TRY(check_range("where.chunks_all", question.chunks_all(), 0, chunks_max));
    GLEANER_TRY(check_range("where.chunks", question.chunks(), 0, question.chunks_all()));
    GLEANER_TRY(check_text("where.host", question.host(), 64));
    GLEANER_TRY(check_range("where.port", question.port(), 0, 65'535));
    GLEANER_TRY(check_count("where.failed", question.failed_size(), failed_max));
    for (const auto& node : question.failed()) {
        GLEANER_TRY(check_name("where.failed", node, 64));
    }
    return ok();
}

Status decode(std::string_view bytes, WhereAnswer& answer) {
    GLEANER_TRY(parse(bytes, answer));
    if (answer.from() == WhereAnswer::FROM_UNSPECIFIED ||
        !WhereAnswer::From_IsValid(answer.from())) {
        return refusal("where.from", "is unknown");
    }
    GLEANER_TRY(check_range("where.ask_again_ms", answer.ask_again_ms(), 1, 600'000));
    if (answer.from() != WhereAnswer::NEIGHBOUR) return ok();
    GLEANER_TRY(check_name("where.neighbour", answer.neighbour(), 64));
    GLEANER_TRY(check_name("where.host", answer.host(), 64));
    return check_range("where.port", answer.port(), 1, 65'535);
}

}  // namespace gleaner::wire
