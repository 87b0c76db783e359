#include "coordinator/gateway/artefact_download.h"

#include <charconv>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include "coordinator/gateway/artefact_reader.h"
#include "coordinator/gateway/artefact_source.h"
#include "shared/artefact/sha256.h"
#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/tls/tls_failure.h"
#include "shared/util/hex.h"

namespace gleaner::gateway {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view prefix = "/node/v1/artefacts/";
constexpr std::string_view chunks_suffix = "/chunks";
constexpr std::uint64_t piece_bytes = 128 * 1024;

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Counts a download while it lives.
class DownloadPlace {
public:
    explicit DownloadPlace(GatewayCounters& counters) : counters_(counters) {
        ++counters_.downloads;
    }
    DownloadPlace(const DownloadPlace&) = delete;
    DownloadPlace& operator=(const DownloadPlace&) = delete;
    ~DownloadPlace() { --counters_.downloads; }

private:
    GatewayCounters& counters_;
};

// Runs on the blocking executor: a disk may take its time.
asio::awaitable<void> read_on_pool(ArtefactReader& file, std::uint64_t offset,
                                   std::vector<char>& piece, Status& status) {
    status = file.read_at(offset, piece);
    co_return;
}

asio::awaitable<void> open_on_pool(std::string path, Result<ArtefactReader>& file) {
    file = ArtefactReader::open(path);
    co_return;
}

asio::awaitable<Status> write_head(tls::TlsStream& stream, ByteRange range, std::uint64_t size,
                                   bool keep_alive) {
    http::response<http::empty_body> head(
        range.partial ? http::status::partial_content : http::status::ok, 11);
    head.set(http::field::content_type, "application/octet-stream");
    head.set(http::field::accept_ranges, "bytes");
    if (range.partial) {
        head.set(http::field::content_range, "bytes " + std::to_string(range.first) + "-" +
                                                 std::to_string(range.first + range.length - 1) +
                                                 "/" + std::to_string(size));
    }
    head.content_length(range.length);
    head.keep_alive(keep_alive);
    http::response_serializer<http::empty_body> serializer(head);
    const auto [error, written] = co_await http::async_write_header(stream, serializer, quietly);
    if (error) co_return tls::tls_error(error, stream.native_handle());
    co_return ok();
}

asio::awaitable<Status> write_pieces(Shared& shared, Connection& connection, ArtefactReader& file,
                                     ByteRange range) {
    std::vector<char> piece;
    while (range.length > 0) {
        piece.resize(static_cast<std::size_t>(std::min(range.length, piece_bytes)));
        Status read = ok();
        auto work = read_on_pool(file, range.first, piece, read);
        co_await asio::co_spawn(shared.needs.blocking, std::move(work), asio::use_awaitable);
        if (read.has_error()) co_return read;
        connection.expect_within(shared.options.send_limit);
        const auto [error, written] =
            co_await asio::async_write(connection.stream(), asio::buffer(piece), quietly);
        if (error) co_return tls::tls_error(error, connection.stream().native_handle());
        range.first += written;
        range.length -= written;
        shared.counters.artefact_bytes += written;
    }
    co_return ok();
}

asio::awaitable<Status> send_file(Shared& shared, Connection& connection, Sha256 id,
                                  std::string range_header, bool keep_alive) {
    auto& stream = connection.stream();
    if (shared.counters.downloads >= shared.options.downloads_max) {
        const Error busy(ErrorCode::unavailable, "too many downloads at once: try again soon");
        auto reply = refusal(busy);
        reply.retry_after =
            Duration{1'000'000 + static_cast<std::int64_t>(shared.random.below(4'000'000))};
        co_return co_await write_reply(stream, std::move(reply), keep_alive);
    }
    const DownloadPlace place(shared.counters);
    auto found = co_await shared.needs.artefacts.find(std::move(id));
    if (found.has_error()) {
        co_return co_await write_reply(stream, refusal(found.error()), keep_alive);
    }
    const auto size = found.value().size_bytes;
    const auto range = parse_range(range_header, size);
    if (range.has_error()) {
        auto reply = refusal(range.error());
        reply.status = 416;
        co_return co_await write_reply(stream, std::move(reply), keep_alive);
    }
    Result<ArtefactReader> file = Error(ErrorCode::internal, "the artefact was not opened");
    auto work = open_on_pool(found.value().path, file);
    co_await asio::co_spawn(shared.needs.blocking, std::move(work), asio::use_awaitable);
    if (file.has_error()) {
        co_return co_await write_reply(stream, refusal(file.error()), keep_alive);
    }
    connection.expect_within(shared.options.send_limit);
    auto head = co_await write_head(stream, range.value(), size, keep_alive);
    if (head.has_error()) co_return head;
    co_return co_await write_pieces(shared, connection, file.value(), range.value());
}

asio::awaitable<Status> send_chunks(Shared& shared, Connection& connection, Sha256 id,
                                    bool keep_alive) {
    // Hashing a large model for the first time takes a while that is not the node's to answer for.
    connection.expect_within(std::chrono::minutes(10));
    auto list = co_await shared.needs.artefacts.chunks(std::move(id));
    connection.expect_within(shared.options.send_limit);
    if (list.has_error()) {
        auto reply = refusal(list.error());
        // A node asks again after a 500; what is damaged stays so until it is added again.
        if (list.error().code() == ErrorCode::data_corrupt) reply.status = 410;
        co_return co_await write_reply(connection.stream(), std::move(reply), keep_alive);
    }
    wire::ChunkList message;
    message.set_sha256(list.value()->whole.get());
    message.set_size_bytes(list.value()->size_bytes);
    message.set_chunk_bytes(static_cast<std::uint32_t>(chunk_size_bytes));
    for (const auto& chunk : list.value()->chunks) {
        const auto hash = from_hex(chunk.get());
        if (hash) message.add_chunk_sha256(hash->data(), hash->size());
    }
    auto reply = Reply(200, message.SerializeAsString());
    co_return co_await write_reply(connection.stream(), std::move(reply), keep_alive);
}

}  // namespace

Result<ByteRange> parse_range(std::string_view header, std::uint64_t size) {
    if (header.empty()) return ByteRange{0, size, false};
    const Error malformed(ErrorCode::invalid_argument,
                          "the Range header must be one range of bytes: bytes=first-last");
    const Error outside(ErrorCode::invalid_argument,
                        "the range lies outside the artefact's " + std::to_string(size) + " bytes");
    constexpr std::string_view unit = "bytes=";
    if (!header.starts_with(unit)) return malformed;
    header.remove_prefix(unit.size());
    const auto dash = header.find('-');
    if (dash == std::string_view::npos) return malformed;
    const auto first = number(header.substr(0, dash));
    const auto last = number(header.substr(dash + 1));
    if (dash == 0) {  // the last n bytes
        if (!last) return malformed;
        const auto length = std::min(*last, size);
        if (length == 0) return outside;
        return ByteRange{size - length, length, true};
    }
    if (!first || (!last && dash + 1 != header.size())) return malformed;
    if (*first >= size) return outside;
    if (!last) return ByteRange{*first, size - *first, true};
    if (*last < *first) return malformed;
    return ByteRange{*first, std::min(*last, size - 1) - *first + 1, true};
}

asio::awaitable<Status> answer_artefact(Shared& shared, Connection& connection, Request request) {
    const bool keep_alive = request.keep_alive();
    std::string_view name(request.target().data(), request.target().size());
    name.remove_prefix(std::min(name.size(), prefix.size()));
    const bool wants_chunks = name.ends_with(chunks_suffix);
    if (wants_chunks) name.remove_suffix(chunks_suffix.size());
    auto id = parse_sha256(name);
    if (id.has_error()) {
        co_return co_await write_reply(connection.stream(), refusal(id.error()), keep_alive);
    }
    auto sha256 = std::move(id).value();
    if (wants_chunks) {
        co_return co_await send_chunks(shared, connection, std::move(sha256), keep_alive);
    }
    std::string range(request[http::field::range]);
    co_return co_await send_file(shared, connection, std::move(sha256), std::move(range),
                                 keep_alive);
}

}  // namespace gleaner::gateway
