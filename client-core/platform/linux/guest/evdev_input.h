#pragma once
/// Input by a person, from the kernel's event devices: the same under X11, Wayland and on the
/// console. Needs to read /dev/input/event*: root, or the group "input".

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client-core/platform/linux/guest/input_device.h"
#include "client-core/platform/linux/spawn.h"
#include "shared/async/task_group.h"
#include "shared/model/sentence.h"

namespace gleaner::guest {

/// Wakes for the first event after a second of quiet, and then once a second while more come.
class EvdevInput {
public:
    using Classify = std::function<std::optional<InputDevice>(int fd)>;

    /// `on_input` is called on the executor.
    EvdevInput(std::filesystem::path root, const boost::asio::any_io_executor& executor,
               std::function<void()> on_input, Classify classify = classify_input_device);

    /// Opens what is there and watches for what is plugged in. Call once.
    void start();
    [[nodiscard]] boost::asio::awaitable<void> stop();

    /// How many devices are being listened to.
    [[nodiscard]] std::size_t devices() const { return listening_; }
    /// "evdev: 3 devices", or why there are none.
    [[nodiscard]] Sentence words() const;

private:
    void scan();
    void open(const std::string& name);
    [[nodiscard]] boost::asio::awaitable<void> watch_folder(UniqueFd inotify);
    [[nodiscard]] boost::asio::awaitable<void> listen(std::string name, UniqueFd fd,
                                                      InputDevice device);

    std::filesystem::path folder_;
    boost::asio::any_io_executor executor_;
    std::function<void()> on_input_;
    Classify classify_;
    std::set<std::string> known_;  ///< open ones, and ones that no person uses
    std::size_t listening_ = 0;
    std::size_t refused_ = 0;  ///< that this process may not read, at the last scan
    TaskGroup tasks_;
};

}  // namespace gleaner::guest
