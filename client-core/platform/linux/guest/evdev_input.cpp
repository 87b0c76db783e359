#include "client-core/platform/linux/guest/evdev_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client-core/platform/linux/guest/system_file.h"
#include "shared/async/deadline.h"

namespace gleaner::guest {

namespace asio = boost::asio;

namespace {

constexpr Duration quiet_after_input = 1s;
/// Drift wakes rarer the longer nothing else comes from that device.
constexpr Duration drift_step = 10ms;
constexpr std::size_t devices_max = 128;

struct Drained {
    bool counted = false;
    bool gone = false;
};

Drained drain(int fd, InputDevice& device) {
    Drained result;
    std::array<input_event, 64> events{};
    // The kernel's buffer holds some hundreds; the bound is for a device that sends without end.
    for (int round = 0; round < 64; ++round) {
        const ssize_t got = read(fd, events.data(), sizeof(events));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return result;
        if (got <= 0) {
            result.gone = true;
            return result;
        }
        const auto count = static_cast<std::size_t>(got) / sizeof(input_event);
        for (std::size_t index = 0; index < count; ++index) {
            // Not ||=: each axis must see where it now is.
            const bool counts = device.counts(events[index]);
            result.counted = result.counted || counts;
        }
    }
    return result;
}

}  // namespace

EvdevInput::EvdevInput(std::filesystem::path root, const asio::any_io_executor& executor,
                       std::function<void()> on_input, Classify classify)
    : folder_(std::move(root) / "dev/input"),
      executor_(executor),
      on_input_(std::move(on_input)),
      classify_(std::move(classify)),
      tasks_(executor, nullptr, devices_max) {}

void EvdevInput::start() {
    UniqueFd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (inotify.get() >= 0) {
        // Permissions come after the node (udev), hence IN_ATTRIB. The folder itself may come late.
        const int watched =
            inotify_add_watch(inotify.get(), folder_.c_str(), IN_CREATE | IN_ATTRIB | IN_DELETE);
        if (watched < 0) inotify_add_watch(inotify.get(), folder_.parent_path().c_str(), IN_CREATE);
        static_cast<void>(tasks_.spawn(watch_folder(std::move(inotify))));
    }
    scan();
}

asio::awaitable<void> EvdevInput::stop() {
    tasks_.cancel(asio::cancellation_type::terminal);
    co_await tasks_.join();
}

Sentence EvdevInput::words() const {
    const std::string count = std::to_string(listening_);
    if (listening_ > 0)
        return {"evdev: " + count + (listening_ == 1 ? " device" : " devices"),
                "evdev：" + count + " 个设备"};
    if (refused_ > 0)
        return {"evdev: /dev/input may not be read: run as root or join the group input",
                "evdev：无权读取 /dev/input，请以 root 身份运行或加入 input 组"};
    return {"evdev: none found", "evdev：没有找到输入设备"};
}

void EvdevInput::scan() {
    const auto names = names_in(folder_);
    std::erase_if(known_, [&](const std::string& name) {
        return !std::binary_search(names.begin(), names.end(), name);
    });
    refused_ = 0;
    for (const std::string& name : names) {
        if (name.starts_with("event") && !known_.contains(name)) open(name);
    }
}

void EvdevInput::open(const std::string& name) {
    UniqueFd fd(::open((folder_ / name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0) {
        if (errno == EACCES || errno == EPERM) ++refused_;
        return;  // tried again when its permissions change
    }
    known_.insert(name);
    auto device = classify_(fd.get());
    if (!device) return;
    if (tasks_.spawn(listen(name, std::move(fd), std::move(*device)))) ++listening_;
}

asio::awaitable<void> EvdevInput::watch_folder(UniqueFd inotify) {
    asio::posix::stream_descriptor descriptor(executor_, inotify.release());
    std::array<char, 4096> events{};
    for (;;) {
        const auto [ec, got] = co_await descriptor.async_read_some(
            asio::buffer(events), asio::as_tuple(asio::use_awaitable));
        if (ec) co_return;
        // No harm if it is watched already.
        inotify_add_watch(descriptor.native_handle(), folder_.c_str(),
                          IN_CREATE | IN_ATTRIB | IN_DELETE);
        scan();
    }
}

asio::awaitable<void> EvdevInput::listen(std::string name, UniqueFd fd, InputDevice device) {
    asio::posix::stream_descriptor descriptor(executor_, fd.release());
    int drifts = 0;
    for (;;) {
        const auto [ec] = co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                                         asio::as_tuple(asio::use_awaitable));
        if (ec == asio::error::operation_aborted) co_return;
        const Drained drained = drain(descriptor.native_handle(), device);
        if (ec || drained.gone) break;
        drifts = drained.counted ? 0 : drifts + 1;
        if (drained.counted) on_input_();
        const Duration pause =
            drained.counted ? quiet_after_input : std::min(quiet_after_input, drifts * drift_step);
        co_await sleep_for(pause);
    }
    --listening_;
    known_.erase(name);
}

}  // namespace gleaner::guest
