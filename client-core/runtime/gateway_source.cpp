#include "client-core/runtime/gateway_source.h"

#include <boost/asio/ssl/context.hpp>

#include "shared/proto/wire.pb.h"
#include "shared/proto/wire_check.h"
#include "shared/util/hex.h"

namespace gleaner {

namespace asio = boost::asio;

namespace {

constexpr Duration request_limit = 120s;  // a chunk over a slow line takes half a minute

std::string target_of(const Sha256& sha256) {
    return "/node/v1/artefacts/" + sha256.get();
}

Error no_identity() {
    return {ErrorCode::unavailable, "not enrolled yet"};
}

}  // namespace

GatewaySource::GatewaySource(GatewayAddress address) : address_(std::move(address)) {}
GatewaySource::~GatewaySource() = default;

void GatewaySource::set_identity(std::shared_ptr<asio::ssl::context> context) {
    http_ = std::make_shared<GatewayHttp>(address_, *context, request_limit);
    context_ = std::move(context);
}

void GatewaySource::close_idle() {
    if (http_) http_->close_idle();
}

asio::awaitable<Result<ChunkList>> GatewaySource::chunk_list(Sha256 sha256) {
    const auto context = context_;
    const auto http = http_;
    if (!http) co_return no_identity();
    GatewayRequest request(target_of(sha256) + "/chunks", wire::chunk_list_bytes_max);
    auto asking = http->send(std::move(request));
    GLEANER_CO_TRY(const std::string body, co_await std::move(asking));
    wire::ChunkList message;
    GLEANER_CO_TRY(wire::decode(body, message));
    if (message.chunk_bytes() != chunk_size_bytes) {
        co_return Error(ErrorCode::unsupported, "the coordinator uses another chunk size");
    }
    ChunkList list{.size_bytes = message.size_bytes(), .whole = Sha256(message.sha256())};
    for (const std::string& hash : message.chunk_sha256()) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(hash.data());
        list.chunks.emplace_back(to_hex({bytes, hash.size()}));
    }
    co_return list;
}

asio::awaitable<Result<std::string>> GatewaySource::read(Sha256 sha256, std::uint64_t offset,
                                                         std::uint64_t length) {
    const auto context = context_;
    const auto http = http_;
    if (!http) co_return no_identity();
    GatewayRequest request(target_of(sha256), length);
    request.range_begin = offset;
    request.range_bytes = length;
    auto asking = http->send(std::move(request));
    co_return co_await std::move(asking);
}

}  // namespace gleaner
