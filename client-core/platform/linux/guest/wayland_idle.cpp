#include "client-core/platform/linux/guest/wayland_idle.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/un.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace gleaner::guest {

namespace asio = boost::asio;

namespace {

// Objects by the numbers that this client gives them; 1 is the display, as the protocol says.
constexpr std::uint32_t display_id = 1;
constexpr std::uint32_t registry_id = 2;
constexpr std::uint32_t first_sync_id = 3;
constexpr std::uint32_t seat_id = 4;
constexpr std::uint32_t notifier_id = 5;
constexpr std::uint32_t notification_id = 6;

// Requests and events by their numbers in wayland.xml and ext-idle-notify-v1.xml.
constexpr std::uint16_t display_sync = 0;
constexpr std::uint16_t display_get_registry = 1;
constexpr std::uint16_t display_error = 0;
constexpr std::uint16_t registry_bind = 0;
constexpr std::uint16_t registry_global = 0;
constexpr std::uint16_t callback_done = 0;
constexpr std::uint16_t notifier_get_idle_notification = 1;
constexpr std::uint16_t notifier_get_input_idle_notification = 2;  // since version 2
constexpr std::uint16_t notification_idled = 0;
constexpr std::uint16_t notification_resumed = 1;

constexpr std::string_view seat_interface = "wl_seat";
constexpr std::string_view notifier_interface = "ext_idle_notifier_v1";
constexpr std::size_t head_bytes = 8;
constexpr std::size_t message_bytes_max = 4096;  // what libwayland bounds a message to

void put(std::string& out, std::uint32_t word) {
    std::array<char, 4> bytes{};
    std::memcpy(bytes.data(), &word, bytes.size());
    out.append(bytes.data(), bytes.size());
}

/// Length with the closing zero, the text, and zeros up to the next word.
void put(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(text.size() + 1));
    out += text;
    out.append(4 - text.size() % 4, '\0');
}

std::uint32_t word_at(std::string_view bytes, std::size_t place) {
    std::uint32_t word = 0;
    if (place + sizeof(word) <= bytes.size())
        std::memcpy(&word, bytes.data() + place, sizeof(word));
    return word;
}

std::string_view text_at(std::string_view bytes, std::size_t place) {
    const std::uint32_t length = word_at(bytes, place);
    if (length == 0 || place + 4 + length > bytes.size()) return {};
    return bytes.substr(place + 4, length - 1);
}

void put_request(std::string& out, std::uint32_t object, std::uint16_t opcode,
                 std::string_view body) {
    put(out, object);
    put(out, static_cast<std::uint32_t>((head_bytes + body.size()) << 16 | opcode));
    out += body;
}

void put_bind(std::string& out, std::uint32_t name, std::string_view interface,
              std::uint32_t version, std::uint32_t id) {
    std::string body;
    put(body, name);
    put(body, interface);
    put(body, version);
    put(body, id);
    put_request(out, registry_id, registry_bind, body);
}

Error lost(const boost::system::error_code& ec) {
    return {ErrorCode::unavailable, "Wayland: " + ec.message()};
}

}  // namespace

WaylandIdle::WaylandIdle(std::filesystem::path socket, const asio::any_io_executor& executor,
                         std::function<void()> on_change)
    : socket_path_(std::move(socket)), socket_(executor), on_change_(std::move(on_change)) {}

asio::awaitable<Status> WaylandIdle::run() {
    Status ended = co_await listen();
    const bool worked = works_;
    works_ = false;
    if (worked) on_change_();
    co_return ended;
}

asio::awaitable<Status> WaylandIdle::listen() {
    constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
    if (socket_path_.native().size() >= sizeof(sockaddr_un::sun_path))
        co_return Error(ErrorCode::invalid_argument, "Wayland: the socket's path is too long");
    const asio::local::stream_protocol::endpoint endpoint(socket_path_.string());
    const auto [refused] = co_await socket_.async_connect(endpoint, as_tuple);
    reached_ = !refused || refused == asio::error::access_denied;
    if (refused) co_return lost(refused);
    std::string id;
    put(id, registry_id);
    put_request(outgoing_, display_id, display_get_registry, id);
    id.clear();
    put(id, first_sync_id);
    put_request(outgoing_, display_id, display_sync, id);
    std::string incoming;
    std::array<char, message_bytes_max> part{};
    for (;;) {
        if (!outgoing_.empty()) {
            const auto [ec, sent] =
                co_await asio::async_write(socket_, asio::buffer(outgoing_), as_tuple);
            if (ec) co_return lost(ec);
            outgoing_.clear();
        }
        const auto [ec, got] = co_await socket_.async_read_some(asio::buffer(part), as_tuple);
        if (ec) co_return lost(ec);
        incoming.append(part.data(), got);
        while (incoming.size() >= head_bytes) {
            const std::uint32_t head = word_at(incoming, 4);
            const std::size_t size = head >> 16;
            if (size < head_bytes || size > message_bytes_max)
                co_return Error(ErrorCode::data_corrupt, "Wayland: a message of a wrong length");
            if (incoming.size() < size) break;
            const std::string body = incoming.substr(head_bytes, size - head_bytes);
            const auto opcode = static_cast<std::uint16_t>(head & 0xffff);
            GLEANER_CO_TRY(on_message(word_at(incoming, 0), opcode, body));
            incoming.erase(0, size);
        }
    }
}

Status WaylandIdle::on_message(std::uint32_t object, std::uint16_t opcode, std::string_view body) {
    if (object == display_id && opcode == display_error)
        return Error(ErrorCode::unsupported, "Wayland: " + std::string(text_at(body, 8)));
    if (object == registry_id && opcode == registry_global) on_global(body);
    if (object == first_sync_id && opcode == callback_done) return ask_for_notification();
    if (object == notification_id &&
        (opcode == notification_idled || opcode == notification_resumed)) {
        active_ = opcode == notification_resumed;
        on_change_();
    }
    return ok();
}

void WaylandIdle::on_global(std::string_view body) {
    const std::string_view interface = text_at(body, 4);
    const std::size_t text_words = (interface.size() + 1 + 3) / 4 * 4;
    Global global;
    global.name = word_at(body, 0);
    global.version = word_at(body, 8 + text_words);
    if (interface == seat_interface && seat_.version == 0) seat_ = global;
    if (interface == notifier_interface) notifier_ = global;
}

Status WaylandIdle::ask_for_notification() {
    if (notifier_.version == 0 || seat_.version == 0)
        return Error(ErrorCode::unsupported,
                     "Wayland: the compositor does not offer ext-idle-notify-v1");
    put_bind(outgoing_, seat_.name, seat_interface, 1, seat_id);
    const std::uint32_t version = std::min(notifier_.version, 2U);
    put_bind(outgoing_, notifier_.name, notifier_interface, version, notifier_id);
    std::string body;
    put(body, notification_id);
    put(body, static_cast<std::uint32_t>(quiet.count() / 1000));
    put(body, seat_id);
    put_request(
        outgoing_, notifier_id,
        version >= 2 ? notifier_get_input_idle_notification : notifier_get_idle_notification, body);
    works_ = true;
    worked_ = true;
    on_change_();
    return ok();
}

}  // namespace gleaner::guest
