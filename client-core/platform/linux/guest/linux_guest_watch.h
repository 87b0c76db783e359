#pragma once
/// GuestWatch on Linux: puts together what its sources tell.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "client-core/platform/guest_watch.h"
#include "client-core/platform/linux/guest/evdev_input.h"
#include "client-core/platform/linux/guest/sampler.h"
#include "client-core/platform/linux/guest/system_bus.h"
#include "client-core/platform/linux/guest/wayland_idle.h"
#include "client-core/platform/linux/guest/x11_session.h"
#include "shared/async/notification.h"
#include "shared/async/task_group.h"

namespace gleaner::guest {

class LinuxGuestWatch final : public GuestWatch {
public:
    LinuxGuestWatch(GuestWatchOptions options, const Clock& clock,
                    const boost::asio::any_io_executor& executor);

    void start(std::function<void()> on_change) override;
    [[nodiscard]] const Facts& facts() const override { return facts_; }
    [[nodiscard]] std::vector<WatchSource> sources() const override;
    void set_pace(Duration interval) override;
    void set_devices(std::vector<WatchedDevice> devices) override;
    void release_shutdown() override;
    [[nodiscard]] boost::asio::awaitable<void> stop() override;

private:
    /// A socket that could not be watched.
    struct Failure {
        Time at;             ///< when it was tried
        Sentence why;        ///< empty: it is not known
        bool there = false;  ///< somebody listens at it: a desktop all the same
    };

    [[nodiscard]] boost::asio::awaitable<void> sample_again_and_again();
    [[nodiscard]] boost::asio::awaitable<void> keep_bus();
    [[nodiscard]] boost::asio::awaitable<void> watch_x11(std::filesystem::path socket);
    [[nodiscard]] boost::asio::awaitable<void> watch_wayland(std::filesystem::path socket);
    void reach_desktops(const Sample& sample);
    [[nodiscard]] bool may_try(const std::filesystem::path& socket) const;
    /// One that failed may be tried again.
    [[nodiscard]] bool retry_due() const;
    void forget_gone(const Sample& sample);
    void judge_desktop();
    void note_input(Time when);
    void look_at_desktops();
    void look_at_bus();
    void apply(const Sample& sample);
    void publish();
    [[nodiscard]] WatchSource input_source() const;
    [[nodiscard]] WatchSource screen_source() const;
    [[nodiscard]] bool other_input_works() const;

    const Clock& clock_;
    boost::asio::any_io_executor executor_;
    std::vector<WatchedDevice> devices_;
    std::string bus_address_;
    std::filesystem::path root_;
    std::function<void()> on_change_;
    Duration pace_ = 5s;
    Facts facts_;      ///< being put together
    Facts published_;  ///< as at the last call of on_change_
    WatchSource gpu_;
    Sampler sampler_;
    EvdevInput evdev_;
    std::unique_ptr<SystemBus> bus_;
    std::optional<Error> bus_problem_;
    bool bus_settled_ = false;  ///< it has answered, or there is none
    bool sampled_ = false;
    std::map<std::filesystem::path, std::unique_ptr<X11Session>> x11_;
    std::map<std::filesystem::path, std::unique_ptr<WaylandIdle>> wayland_;
    std::map<std::filesystem::path, Failure> failures_;
    bool keys_stale_ = false;  ///< a server has ended: the next may have another key
    Notification hurry_;       ///< sample now
    boost::asio::thread_pool worker_;
    TaskGroup tasks_;
};

}  // namespace gleaner::guest
