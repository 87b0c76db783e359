/// POST /v1/files: multipart/form-data to disk, never whole in memory.

#include <boost/json.hpp>

#include "coordinator/api/multipart.h"
#include "coordinator/api/openai/objects.h"
#include "coordinator/api/openai/routes.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/async/offload.h"
#include "shared/util/random.h"

namespace gleaner::api {

namespace json = boost::json;
using openai::invalid_request;

namespace {

constexpr std::size_t block_bytes = 256U << 10U;
constexpr std::uint64_t form_bytes_max = 64U << 10U;  ///< around the file
constexpr std::size_t field_bytes_max = 4'096;
constexpr std::size_t filename_bytes_max = 255;

/// What the form says, as it comes in; the file's bytes wait in `block` to be written.
struct UploadForm {
    std::optional<std::string> purpose;
    std::optional<std::string> filename;
    std::string block;
    std::uint64_t room = 0;        ///< left of the project's storage when the upload began
    std::string* field = nullptr;  ///< a field that is wanted
    bool in_file = false;
    std::string ignored;
};

bool is_utf8(const std::string& text) {
    json::error_code problem;
    (void)json::parse(json::serialize(json::value(text)), problem);
    return !problem;
}

/// The last component: some clients send their whole path.
std::string base_name(std::string_view name) {
    const auto slash = name.find_last_of("/\\");
    if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
    return std::string(name.substr(0, filename_bytes_max));
}

MultipartReader::Sink sink_of(UploadForm& form) {
    MultipartReader::Sink sink;
    sink.begin = [&form](const MultipartReader::Part& part) -> ApiStatus {
        form.field = nullptr;
        form.in_file = part.name == "file";
        if (form.in_file) {
            if (form.filename) return invalid_request("The form has two files.", "file");
            form.filename = base_name(part.filename.value_or("upload.jsonl"));
            if (form.filename->empty()) form.filename = "upload.jsonl";
            if (!is_utf8(*form.filename))
                return invalid_request("The file's name is not UTF-8.", "file");
        } else if (part.name == "purpose") {
            form.field = &form.purpose.emplace();
        } else {
            form.ignored.clear();
            form.field = &form.ignored;
        }
        return api_ok();
    };
    sink.data = [&form](std::string_view bytes) -> ApiStatus {
        if (form.in_file) {
            form.block += bytes;
            return api_ok();
        }
        if (form.field->size() + bytes.size() > field_bytes_max)
            return invalid_request("A field of the form is longer than 4096 bytes.");
        form.field->append(bytes);
        return api_ok();
    };
    sink.end = []() -> ApiStatus { return api_ok(); };
    return sink;
}

Error would_fill_disk() {
    return {ErrorCode::disk_full, "an upload would fill the disk"};
}

ApiError over_quota(std::uint64_t limit) {
    return {413, "invalid_request_error", "storage_quota_exceeded",
            "This file does not fit into the project's storage of " + std::to_string(limit) +
                " bytes: delete files that are no longer needed."};
}

ApiError too_large(std::uint64_t limit) {
    return {413, "invalid_request_error", "file_too_large",
            "A file may have at most " + std::to_string(limit) + " bytes: split it."};
}

/// How large the file may become. Refuses what cannot fit before any of it is read.
boost::asio::awaitable<ApiResult<std::uint64_t>> check_room(const Services& services,
                                                            const Request& request) {
    const auto expected = request.content_length.value_or(0);
    const auto project = request.caller->project;
    std::function<Result<std::int64_t>(store::Store&)> load = [&](store::Store& s) {
        return s.stored_bytes(project);
    };
    const auto stored = co_await services.store.read(std::move(load));
    if (stored.has_error()) co_return ApiError(stored.error());
    const auto used = static_cast<std::uint64_t>(stored.value());
    const auto quota = services.limits.project_bytes_max;
    if (used > quota || expected > quota - used) co_return over_quota(quota);
    if (expected > services.limits.file_bytes_max + form_bytes_max)
        co_return too_large(services.limits.file_bytes_max);
    const auto free = services.blobs.free_bytes();
    if (free.has_error()) co_return ApiError(free.error());
    if (static_cast<std::uint64_t>(free.value()) < expected + services.limits.disk_reserve_bytes)
        co_return ApiError(would_fill_disk());
    co_return quota - used;
}

/// Writes what has come. A body without a length is measured against all limits as it grows.
boost::asio::awaitable<ApiStatus> flush(const Services& services, UploadForm& form,
                                        store::PartialBlob& blob) {
    const auto size = static_cast<std::uint64_t>(blob.size()) + form.block.size();
    if (size > services.limits.file_bytes_max) co_return too_large(services.limits.file_bytes_max);
    if (size > form.room) co_return over_quota(services.limits.project_bytes_max);
    std::function<Result<int>()> write = [&]() -> Result<int> {
        GLEANER_TRY(const auto free, services.blobs.free_bytes());
        const auto needed = form.block.size() + services.limits.disk_reserve_bytes;
        if (static_cast<std::uint64_t>(free) < needed) return would_fill_disk();
        GLEANER_TRY(blob.write(form.block));
        return 0;
    };
    const auto written = co_await offload(services.blocking, std::move(write));
    if (written.has_error()) co_return ApiError(written.error());
    form.block.clear();
    co_return api_ok();
}

/// Body → form and blob.
boost::asio::awaitable<ApiStatus> receive(const Services& services, Request& request,
                                          std::string boundary, UploadForm& form,
                                          store::PartialBlob& blob) {
    MultipartReader reader(boundary, sink_of(form));
    for (;;) {
        const auto piece = co_await request.read_some();
        if (piece.has_error()) co_return piece.error();
        if (piece.value().empty()) break;
        auto fed = reader.feed(piece.value());
        if (fed.has_error()) co_return fed;
        if (form.block.size() < block_bytes) continue;
        auto flushed = co_await flush(services, form, blob);
        if (flushed.has_error()) co_return flushed;
    }
    auto complete = reader.finish();
    if (complete.has_error()) co_return complete;
    if (!form.filename) co_return invalid_request("The form has no 'file'.", "file");
    if (!form.purpose) co_return invalid_request("The form has no 'purpose'.", "purpose");
    if (*form.purpose != "batch")
        co_return invalid_request("'purpose' must be \"batch\": files here feed /v1/batches.",
                                  "purpose", "invalid_value");
    co_return co_await flush(services, form, blob);
}

boost::asio::awaitable<ApiResult<store::File>> keep(const Services& services, Request& request,
                                                    const UploadForm& form,
                                                    store::PartialBlob& blob) {
    store::File file;
    file.id = FileId{random_token("file-", 20)};
    file.project = request.caller->project;
    file.purpose = *form.purpose;
    file.filename = *form.filename;
    file.bytes = blob.size();
    std::function<Result<int>()> commit = [&]() -> Result<int> {
        GLEANER_TRY(blob.commit(services.blobs.file_path(file.id)));
        return 0;
    };
    const auto committed = co_await offload(services.blocking, std::move(commit));
    if (committed.has_error()) co_return ApiError(committed.error());

    const auto quota = services.limits.project_bytes_max;
    std::function<Result<std::optional<store::File>>(store::Store&)> add =
        [&](store::Store& s) -> Result<std::optional<store::File>> {
        // Again, since other uploads may have come in meanwhile.
        GLEANER_TRY(const auto stored, s.stored_bytes(file.project));
        if (static_cast<std::uint64_t>(stored + file.bytes) > quota)
            return std::optional<store::File>();
        GLEANER_TRY(auto added, s.add_file(file));
        return std::optional<store::File>(std::move(added));
    };
    auto added = co_await services.store.write(std::move(add));
    if (added.has_value() && added.value()) co_return std::move(*added.value());
    std::function<Result<int>()> remove = [&]() -> Result<int> {
        GLEANER_TRY(services.blobs.remove(file.id));
        return 0;
    };
    (void)co_await offload(services.blocking, std::move(remove));
    if (added.has_error()) co_return ApiError(added.error());
    co_return over_quota(quota);
}

}  // namespace

Handled upload_file(const Services& services, Request& request, Reply& reply) {
    auto boundary = MultipartReader::boundary_of(request.header("content-type"));
    if (!boundary) {
        co_return ApiError(415, "invalid_request_error", "unsupported_media_type",
                           "Files are uploaded as multipart/form-data with the fields 'file' and "
                           "'purpose'.");
    }
    const auto room = co_await check_room(services, request);
    if (room.has_error()) co_return room.error();
    auto blob = services.blobs.create();
    if (blob.has_error()) co_return ApiError(blob.error());
    UploadForm form;
    form.room = room.value();
    auto received = co_await receive(services, request, std::move(*boundary), form, blob.value());
    if (received.has_error()) {
        // Removing gigabytes takes a while: not on this thread.
        std::optional<store::PartialBlob> unwanted(std::move(blob).value());
        std::function<Result<int>()> remove = [&]() -> Result<int> {
            unwanted.reset();
            return 0;
        };
        (void)co_await offload(services.blocking, std::move(remove));
        co_return received;
    }
    const auto file = co_await keep(services, request, form, blob.value());
    if (file.has_error()) co_return file.error();
    (void)co_await reply.send_json(200, json::serialize(file_object(file.value())));
    co_return api_ok();
}

}  // namespace gleaner::api
