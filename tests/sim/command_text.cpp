#include "tests/sim/command_text.h"

namespace gleaner::sim {

namespace {

using namespace core;

std::string number(std::uint64_t n) {
    return " " + std::to_string(n);
}

struct Writer {
    std::string operator()(const WelcomeNode& c) const {
        std::string text = "welcome " + c.node.get();
        for (const auto lease : c.keep) text += number(lease.get());
        return text;
    }
    std::string operator()(const WithholdEarnings& c) const { return "withhold " + c.node.get(); }
    std::string operator()(const SendLease& c) const {
        std::string text = "lease" + number(c.lease.get()) + " → " + c.node.get() + " " +
                           c.job.get() + number(static_cast<std::uint64_t>(c.deadline.count())) +
                           ":";
        for (const auto& item : c.items)
            text += (item.canary ? " c" : " ") + std::to_string(item.item);
        return text;
    }
    std::string operator()(const RevokeLease& c) const {
        return "revoke" + number(c.lease.get()) + " " + c.node.get() + " " + c.reason;
    }
    std::string operator()(const LoadModel& c) const {
        return "load " + c.node.get() + " " + c.model.get().substr(0, 4) + " " + c.device;
    }
    std::string operator()(const UnloadModel& c) const {
        return "unload " + c.node.get() + " " + c.model.get().substr(0, 4);
    }
    std::string operator()(const SettleItem& c) const {
        std::string text = "settle " + c.job.get() + number(c.item) + number(c.attempts) +
                           (c.verified ? " verified" : "") + " " + c.reason;
        for (const auto& r : c.results)
            text += " " + r.node.get() + number(r.lease.get()) + number(r.index);
        return text;
    }
    std::string operator()(const DiscardResult& c) const {
        return "discard" + number(c.lease.get()) + number(c.index);
    }
    std::string operator()(const JobDrained& c) const {
        return "drained " + c.job.get() + (c.expired ? " expired" : "");
    }
    std::string operator()(const StartStream& c) const {
        return "stream" + number(c.stream.get()) + " → " + c.node.get();
    }
    std::string operator()(const InterruptStream& c) const {
        return "interrupt" + number(c.stream.get()) + " " + c.node.get() + " " +
               std::string(to_string(c.cause));
    }
    std::string operator()(const RefuseStream& c) const {
        return "refuse" + number(c.stream.get()) + " " + c.reason +
               number(static_cast<std::uint64_t>(c.retry_after.count()));
    }
    std::string operator()(const StopStream& c) const {
        return "stop" + number(c.stream.get()) + " " + c.node.get();
    }
    std::string operator()(const SaveStanding& c) const {
        return "standing " + c.key + " " + c.json;
    }
    std::string operator()(const Wake& c) const {
        return "wake" + number(static_cast<std::uint64_t>(c.at.micros));
    }
    std::string operator()(const Note& c) const { return "note " + c.text; }
};

}  // namespace

std::string text_of(const core::Command& command) {
    return std::visit(Writer{}, command);
}

}  // namespace gleaner::sim
