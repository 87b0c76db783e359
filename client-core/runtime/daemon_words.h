#pragma once
/// What the daemon says to the person at the machine, in both languages. All Chinese of the node's
/// runtime lies here.

#include <cstdint>
#include <string>
#include <string_view>

#include "client-core/runtime/node.h"
#include "shared/model/sentence.h"

namespace gleaner::control {
class Sentence;
}

namespace gleaner::words {

/// Names of programs may be any bytes, and protobuf refuses a message with text that is not UTF-8:
/// each byte that is part of no character becomes U+FFFD.
[[nodiscard]] std::string utf8(std::string_view text);
/// Into a message of the local socket, as utf8().
void say(const Sentence& sentence, control::Sentence& out);

[[nodiscard]] Sentence not_joined();
[[nodiscard]] Sentence cannot_go_on(const std::string& why);
[[nodiscard]] Sentence joining(const std::string& coordinator);
[[nodiscard]] Sentence offline(const std::string& why);
[[nodiscard]] Sentence waiting();
[[nodiscard]] Sentence working(std::size_t requests);
[[nodiscard]] Sentence stopping();
[[nodiscard]] Sentence may_work();
[[nodiscard]] Sentence holds_still(const Sentence& why);
[[nodiscard]] Sentence measuring();
[[nodiscard]] Sentence benchmark_stopped(const Sentence& why);
/// A benchmark as the coordinator sees it; and one that it did not take.
[[nodiscard]] Sentence verdict_of_grid(const Sentence& why);
[[nodiscard]] Sentence benchmark_refused(const std::string& why);
[[nodiscard]] Sentence estimates_damaged();
[[nodiscard]] Sentence site_policy(bool there_is_one);
[[nodiscard]] Sentence joined(const std::string& node, const std::string& site);
[[nodiscard]] Sentence left();
[[nodiscard]] Sentence connected(const std::string& coordinator);
[[nodiscard]] Sentence model_state(const std::string& model, const std::string& device,
                                   ModelHost::Phase phase, const std::string& problem);
[[nodiscard]] Sentence device_failed(const std::string& device, const std::string& why);

/// What a field of a message to the coordinator tells of this machine.
enum class SentField : std::uint8_t {
    host_name,
    hardware,
    version,
    system,
    device,
    models_on_disk,
    held_work,
    room,
    paused,
    device_paused,
    disk_free,
    idle_forecast,
    answers,
    handed_back,
    stream_piece,
    stream_end,
    model_state,
    load,
    certificate,
    benchmark,
    money,
    goodbye,
};
[[nodiscard]] Sentence sent(SentField field);

[[nodiscard]] Sentence power_not_limited(const Error& error);
/// An error's words come in English from where it arose; the Chinese sentence introduces them.
[[nodiscard]] Sentence failed(const Error& error);

}  // namespace gleaner::words
