#pragma once
/// What was last sent to the coordinator about this machine, for the person who wants to know.
/// Holds what a message said, never a prompt or an answer: of those only that they went, and their
/// size.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "client-core/runtime/daemon_words.h"
#include "shared/util/clock.h"

namespace gleaner {

namespace control {
class Sent;
}
namespace wire {
class ToCoordinator;
}
class Applicant;

/// Single-threaded.
class SentBook {
public:
    explicit SentBook(const Clock& clock) : clock_(clock) {}

    /// Of each kind of message the last is kept.
    void note(const wire::ToCoordinator& message);
    void note(const Applicant& applicant);
    void describe(control::Sent& sent) const;

private:
    /// As many as ToCoordinator has kinds; by field number. 0: the application to be let in.
    static constexpr std::size_t kinds_max = 64;
    struct Field {
        words::SentField what;
        std::string value;
    };
    struct Message {
        std::int64_t at_s = 0;
        std::vector<Field> fields;
    };

    [[nodiscard]] Message& begin(std::size_t kind);

    const Clock& clock_;
    std::array<Message, kinds_max> last_;
};

}  // namespace gleaner
