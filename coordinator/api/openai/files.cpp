#include <algorithm>

#include <boost/json.hpp>

#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/page.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/async/offload.h"

namespace gleaner::api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::int64_t files_per_page_max = 10'000;

ApiError no_file(const std::string& id) {
    ApiError error(404, "invalid_request_error", "not_found", "No such File object: " + id);
    return std::move(error).about("id");
}

ApiError file_error(const Error& error, const std::string& id) {
    return error.code() == ErrorCode::not_found ? no_file(id) : ApiError(error);
}

}  // namespace

Handled list_files(const Services& services, Request& request, Reply& reply) {
    const auto page = parse_page(request, files_per_page_max, files_per_page_max);
    if (page.has_error()) co_return page.error();
    const auto project = request.caller->project;
    const std::string purpose(request.query_value("purpose").value_or(""));
    std::function<Result<std::vector<store::File>>(store::Store&)> load = [&](store::Store& s) {
        const auto& p = page.value();
        return s.files(project, purpose, FileId{p.after}, p.limit + 1, p.ascending);
    };
    auto files = co_await services.store.read(std::move(load));
    if (files.has_error()) co_return ApiError(files.error());
    const auto limit = static_cast<std::size_t>(page.value().limit);
    const bool has_more = files.value().size() > limit;
    if (has_more) files.value().resize(limit);
    json::array data;
    for (const auto& file : files.value()) data.push_back(file_object(file));
    (void)co_await reply.send_json(200, list_text(std::move(data), has_more));
    co_return api_ok();
}

Handled get_file(const Services& services, Request& request, Reply& reply) {
    const FileId id{request.param("id")};
    const auto project = request.caller->project;
    std::function<Result<store::File>(store::Store&)> load = [&](store::Store& s) {
        return s.file(project, id);
    };
    const auto file = co_await services.store.read(std::move(load));
    if (file.has_error()) co_return file_error(file.error(), id.get());
    (void)co_await reply.send_json(200, json::serialize(file_object(file.value())));
    co_return api_ok();
}

Handled delete_file(const Services& services, Request& request, Reply& reply) {
    const FileId id{request.param("id")};
    const auto project = request.caller->project;
    std::function<Result<int>(store::Store&)> remove = [&](store::Store& s) -> Result<int> {
        GLEANER_TRY(s.remove_file(project, id));
        return 0;
    };
    const auto removed = co_await services.store.write(std::move(remove));
    if (removed.has_error()) co_return file_error(removed.error(), id.get());
    // The row is gone: bytes that cannot be removed are nobody's, not an error of this request.
    std::function<Result<int>()> unlink = [&]() -> Result<int> {
        GLEANER_TRY(services.blobs.remove(id));
        return 0;
    };
    (void)co_await offload(services.blocking, std::move(unlink));
    const json::object body{{"id", id.get()}, {"object", "file"}, {"deleted", true}};
    (void)co_await reply.send_json(200, json::serialize(body));
    co_return api_ok();
}

}  // namespace gleaner::api
