#include "client-core/runtime/peer_source.h"

#include <algorithm>
#include <utility>

#include "client-core/runtime/peer_server.h"
#include "shared/async/deadline.h"
#include "shared/proto/lan_check.h"
#include "shared/tls/peer_identity.h"
#include "shared/tls/tls_stream.h"
#include "shared/util/log.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration question_limit = 15s;
constexpr Duration chunk_limit = 20s;  // 4 MiB; below 210 KB/s the coordinator is the better source
constexpr Duration origin_unasked = 30s;
constexpr std::size_t failed_max = 64;
constexpr int missing_max = 3;
constexpr Duration missing_pause = 50ms;

bool is_passing(const Error& error) {
    return error.code() == ErrorCode::unavailable || error.code() == ErrorCode::timeout;
}

}  // namespace

PeerSource::PeerSource(GatewayAddress gateway, ArtefactSource& origin, TrafficMeter& meter,
                       const Clock& clock, const asio::any_io_executor& executor)
    : gateway_(std::move(gateway)),
      origin_(&origin),
      meter_(&meter),
      clock_(&clock),
      one_question_(executor) {}

PeerSource::~PeerSource() = default;

void PeerSource::set_identity(PeerIdentities identities) {
    to_gateway_ = std::make_shared<GatewayHttp>(gateway_, *identities.to_gateway, question_limit);
    to_neighbour_.reset();
    ask_at_ = clock_->now();
    identities_ = std::move(identities);
}

void PeerSource::close_idle() {
    if (to_gateway_) to_gateway_->close_idle();
    to_neighbour_.reset();
}

asio::awaitable<Result<ChunkList>> PeerSource::chunk_list(Sha256 sha256) {
    auto asking = origin_->chunk_list(std::move(sha256));
    GLEANER_CO_TRY(list_, co_await std::move(asking));
    advice_.Clear();
    ask_at_ = clock_->now();
    failed_.clear();
    senders_ = {};
    from_origin_ = from_neighbours_ = 0;
    co_return list_;
}

asio::awaitable<Result<std::string>> PeerSource::request(GatewayRequest request) {
    const auto turn = co_await one_question_.enter();
    const auto context = identities_.to_gateway;
    const auto http = to_gateway_;
    if (!http) co_return Error(ErrorCode::unavailable, "not enrolled yet");
    auto sending = http->send(std::move(request));
    auto body = co_await std::move(sending);
    if (!http->local_address().empty()) host_ = http->local_address();
    co_return body;
}

asio::awaitable<Result<wire::WhereAnswer>> PeerSource::ask(Sha256 sha256, std::uint64_t chunks,
                                                           std::uint64_t chunks_all) {
    wire::WhereQuestion question;
    question.set_chunks(chunks);
    question.set_chunks_all(chunks_all);
    for (const std::string& node : failed_) question.add_failed(node);
    while (true) {
        const std::string host = host_;
        question.set_host(host);
        question.set_port(port_);
        GatewayRequest where("/node/v1/artefacts/" + sha256.get() + "/where",
                             wire::where_bytes_max);
        where.posted = question.SerializeAsString();
        auto asking = request(std::move(where));
        GLEANER_CO_TRY(const std::string body, co_await std::move(asking));
        // The first connection shows which of this machine's addresses is of use.
        if (host != host_) continue;
        wire::WhereAnswer answer;
        GLEANER_CO_TRY(wire::decode(body, answer));
        co_return answer;
    }
}

asio::awaitable<void> PeerSource::announce(Sha256 sha256, std::uint64_t size_bytes) {
    const std::uint64_t chunks = chunk_count(size_bytes);
    auto asking = ask(std::move(sha256), chunks, chunks);
    const auto answer = co_await std::move(asking);
    if (!answer) spdlog::info("event=model_not_announced why=\"{}\"", answer.error().message());
}

asio::awaitable<bool> PeerSource::vouched(NodeId node) {
    GatewayRequest asked("/node/v1/neighbours/" + node.get(), wire::where_bytes_max);
    auto asking = request(std::move(asked));
    const auto answer = co_await std::move(asking);
    co_return answer.has_value();
}

void PeerSource::follow(const wire::WhereAnswer& answer) {
    const bool same = to_neighbour_ && answer.from() == wire::WhereAnswer::NEIGHBOUR &&
                      answer.neighbour() == advice_.neighbour() &&
                      answer.host() == advice_.host() && answer.port() == advice_.port();
    advice_ = answer;
    ask_at_ = clock_->now() + std::chrono::milliseconds(answer.ask_again_ms());
    if (same) return;
    to_neighbour_.reset();
    if (answer.from() != wire::WhereAnswer::NEIGHBOUR) return;
    GatewayHttp::Check is_the_one = [node = NodeId(answer.neighbour()), site = identities_.site](
                                        const tls::TlsStream& stream) -> Status {
        GLEANER_TRY(const auto peer, tls::peer_identity(stream.native_handle()));
        if (peer.node == node && peer.site == site) return ok();
        return Error(ErrorCode::permission_denied, "another node answers at its address");
    };
    const GatewayAddress address{answer.host(), static_cast<std::uint16_t>(answer.port())};
    to_neighbour_ = std::make_shared<GatewayHttp>(address, *identities_.to_neighbours, chunk_limit,
                                                  std::move(is_the_one));
}

void PeerSource::drop_neighbour(const Error& why) {
    spdlog::warn("event=neighbour_dropped node={} why=\"{}\"", advice_.neighbour(), why.message());
    if (failed_.size() < failed_max) failed_.push_back(advice_.neighbour());
    to_neighbour_.reset();
    ask_at_ = clock_->now();
}

asio::awaitable<Status> PeerSource::renew_advice(Sha256 sha256, std::uint64_t index) {
    auto asking = ask(std::move(sha256), index, list_.chunks.size());
    const auto answer = co_await std::move(asking);
    if (answer) {
        follow(answer.value());
        co_return ok();
    }
    if (is_passing(answer.error()) && !to_neighbour_) co_return answer.error();
    if (is_passing(answer.error())) {  // the neighbour goes on without it
        ask_at_ = clock_->now() + 1s;
        co_return ok();
    }
    spdlog::info("event=no_advice action=origin why=\"{}\"", answer.error().message());
    wire::WhereAnswer origin;
    origin.set_from(wire::WhereAnswer::ORIGIN);
    origin.set_ask_again_ms(static_cast<std::uint32_t>(origin_unasked / 1ms));
    follow(origin);
    co_return ok();
}

asio::awaitable<Result<std::string>> PeerSource::from_neighbour(Sha256 sha256, std::uint64_t index,
                                                                std::uint64_t length) {
    const auto context = identities_.to_neighbours;
    const auto http = to_neighbour_;
    const Duration wait = meter_->down(length, Line::lan);
    if (wait > Duration{0}) co_await sleep_for(wait);
    GatewayRequest wanted(chunk_target(sha256, index), length);
    auto asking = http->send(std::move(wanted));
    co_return co_await std::move(asking);
}

asio::awaitable<Result<std::string>> PeerSource::read(Sha256 sha256, std::uint64_t offset,
                                                      std::uint64_t length) {
    const std::uint64_t index = offset / chunk_size_bytes;
    int missing = 0;
    for (bool fresh = false;;) {
        if (advice_.from() == wire::WhereAnswer::FROM_UNSPECIFIED || clock_->now() >= ask_at_) {
            auto renewing = renew_advice(sha256, index);
            GLEANER_CO_TRY(co_await std::move(renewing));
            fresh = true;
        }
        if (advice_.from() == wire::WhereAnswer::ORIGIN) {
            auto reading = origin_->read(sha256, offset, length);
            auto bytes = co_await std::move(reading);
            from_origin_ += bytes ? 1 : 0;
            sender_of(index).clear();
            if (index + 1 == list_.chunks.size()) log_end(sha256);
            co_return bytes;
        }
        if (!to_neighbour_) {
            const Duration wait = std::max(ask_at_ - clock_->now(), Duration{1'000});
            co_await sleep_for(wait);
            continue;
        }
        const std::string neighbour = advice_.neighbour();
        auto reading = from_neighbour(sha256, index, length);
        auto bytes = co_await std::move(reading);
        if (bytes) {
            ++from_neighbours_;
            sender_of(index) = neighbour;
            if (index + 1 == list_.chunks.size()) log_end(sha256);
            co_return bytes;
        }
        // It may simply not have this chunk yet: the advice is not of this moment, or the neighbour
        // is still writing it.
        const bool may_come =
            bytes.error().code() == ErrorCode::not_found && ++missing < missing_max;
        if (!may_come) drop_neighbour(bytes.error());
        if (may_come && fresh) co_await sleep_for(missing_pause);
        ask_at_ = clock_->now();
    }
}

bool PeerSource::blame(std::uint64_t offset) {
    const std::string neighbour = std::exchange(sender_of(offset / chunk_size_bytes), {});
    if (neighbour.empty()) return false;
    const Error wrong(ErrorCode::data_corrupt, "its bytes are not the model's");
    if (to_neighbour_ && neighbour == advice_.neighbour()) {
        drop_neighbour(wrong);
    } else if (failed_.size() < failed_max &&
               std::ranges::find(failed_, neighbour) == failed_.end()) {
        failed_.push_back(neighbour);
    }
    return true;
}

void PeerSource::log_end(const Sha256& sha256) const {
    spdlog::info(
        "event=download_sources sha256={} chunks_from_coordinator={} "
        "chunks_from_neighbours={}",
        sha256.get(), from_origin_, from_neighbours_);
}

}  // namespace gleaner
