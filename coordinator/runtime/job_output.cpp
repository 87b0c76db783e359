#include "coordinator/runtime/job_output.h"

#include <array>
#include <optional>

#include <boost/json.hpp>

#include "coordinator/openai/engine_reply.h"
#include "coordinator/runtime/job_input.h"
#include "coordinator/store/blobs.h"
#include "coordinator/store/executor.h"
#include "shared/async/offload.h"
#include "shared/util/log.h"

namespace gleaner::runtime {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::size_t block_bytes = 256U << 10U;

/// One of the two files, made when its first line comes.
class LineSink {
public:
    explicit LineSink(const store::Blobs& blobs) : blobs_(blobs) {}

    Status add(const json::object& line) {
        pending_ += json::serialize(line);
        pending_ += '\n';
        return pending_.size() < block_bytes ? ok() : flush();
    }
    Status flush() {
        if (pending_.empty()) return ok();
        if (!blob_) {
            GLEANER_TRY(auto created, blobs_.create());
            blob_.emplace(std::move(created));
        }
        GLEANER_TRY(blob_->write(pending_));
        pending_.clear();
        return ok();
    }
    /// The file's row; nothing when no line came.
    Result<std::optional<store::File>> commit(const FileId& id, const store::Job& job,
                                              std::string_view filename) {
        GLEANER_TRY(flush());
        if (!blob_) return std::optional<store::File>();
        store::File file;
        file.id = id;
        file.project = job.project;
        file.purpose = "batch_output";
        file.filename = filename;
        file.bytes = blob_->size();
        GLEANER_TRY(blob_->commit(blobs_.file_path(id)));
        return std::optional<store::File>(std::move(file));
    }

private:
    const store::Blobs& blobs_;
    std::optional<store::PartialBlob> blob_;
    std::string pending_;
};

struct JobFiles {
    std::optional<store::File> output;
    std::optional<store::File> error;
};

/// A repeated run must name the same files.
FileId file_id_of(const JobId& job, std::string_view kind) {
    const auto& text = job.get();
    return FileId{"file-" + text.substr(text.find('_') + 1) + std::string(kind)};
}

std::string without_prefix(const std::string& id) {
    return id.substr(id.find('_') + 1);
}

class JobOutput {
public:
    JobOutput(const store::Blobs& blobs, const store::Job& job, store::JobState state,
              bool limit_reached, JobInput input)
        : job_(job),
          state_(state),
          limit_reached_(limit_reached),
          input_(std::move(input)),
          answers_(blobs),
          errors_(blobs) {}

    Status write(store::Store& store) {
        GLEANER_TRY(store.for_each_outcome(
            job_.number, [&](const store::ItemOutcome& outcome) { return add(outcome); }));
        return add_unsettled(job_.counts.total);
    }

    Result<JobFiles> commit() {
        JobFiles files;
        GLEANER_TRY(files.output, answers_.commit(file_id_of(job_.id, "o"), job_,
                                                  job_.id.get() + "_output.jsonl"));
        GLEANER_TRY(files.error,
                    errors_.commit(file_id_of(job_.id, "e"), job_, job_.id.get() + "_error.jsonl"));
        return files;
    }

private:
    Status add(const store::ItemOutcome& outcome) {
        GLEANER_TRY(add_unsettled(outcome.index));
        ++next_;
        GLEANER_TRY(const auto line, input_line(outcome));
        json::object response{{"status_code", outcome.http_status},
                              {"request_id", outcome.request.get()}};
        auto body = body_of(outcome, line);
        const bool unreadable = body.has_error();
        if (unreadable) {
            // The verifier lets none through; one answer must not hold up all others.
            spdlog::error("event=answer_unreadable job={} item={} why=\"{}\"", job_.id.get(),
                          outcome.index, body.error().message());
            const Error lost(ErrorCode::internal, "the kept answer cannot be read");
            const openai::ApiError shown(lost);
            response["status_code"] = shown.status();
            body = shown.body();
        }
        response["body"] = json::parse(body.value());
        json::object text{{"id", "batch_req_" + without_prefix(outcome.request.get())},
                          {"custom_id", line.custom_id},
                          {"response", std::move(response)},
                          {"error", nullptr}};
        return outcome.failed || unreadable ? errors_.add(text) : answers_.add(text);
    }

    Result<JobLine> input_line(const store::ItemOutcome& outcome) const {
        const auto index = static_cast<std::uint32_t>(outcome.index);
        if (!outcome.failed) return input_.line(index);
        JobLine line;  // its body may be what made it fail
        GLEANER_TRY(line.custom_id, input_.custom_id(index));
        return line;
    }

    Result<std::string> body_of(const store::ItemOutcome& outcome, const JobLine& line) const {
        if (outcome.failed)
            return openai::engine_refusal(outcome.body, outcome.http_status, {}).body();
        openai::ReplyFacts facts;
        facts.endpoint =
            openai::parse_endpoint(job_.endpoint).value_or(openai::Endpoint::chat_completions);
        const bool chat = facts.endpoint == openai::Endpoint::chat_completions;
        facts.id = (chat ? "chatcmpl-" : "cmpl-") + without_prefix(outcome.request.get());
        facts.model = job_.model;
        facts.top_logprobs = line.top_logprobs;
        return openai::openai_reply(outcome.body, facts);
    }

    /// Error lines for the items before `end` that have no outcome.
    Status add_unsettled(std::int64_t end) {
        std::string_view code = "batch_expired";
        std::string_view message =
            "This request could not be executed before the completion window expired.";
        if (state_ == store::JobState::cancelled) {
            code = "batch_cancelled";
            message = "This request was not executed: the batch was cancelled.";
        } else if (state_ == store::JobState::completed && limit_reached_) {
            code = "max_price_reached";
            message = max_price_sentence;
        }
        for (; next_ < end; ++next_) {
            GLEANER_TRY(const auto custom_id, input_.custom_id(static_cast<std::uint32_t>(next_)));
            const json::object text{
                {"id", "batch_req_" + without_prefix(job_.id.get()) + std::to_string(next_)},
                {"custom_id", custom_id},
                {"response", nullptr},
                {"error", {{"code", code}, {"message", message}}}};
            GLEANER_TRY(errors_.add(text));
        }
        return ok();
    }

    const store::Job& job_;
    store::JobState state_;
    bool limit_reached_;
    JobInput input_;
    LineSink answers_;
    LineSink errors_;
    std::int64_t next_ = 0;
};

Status register_and_end(store::Store& store, const store::Job& job, store::JobState state,
                        const JobFiles& files) {
    FileId output;
    FileId error;
    if (files.output) {
        GLEANER_TRY(store.add_file(*files.output));
        output = files.output->id;
    }
    if (files.error) {
        GLEANER_TRY(store.add_file(*files.error));
        error = files.error->id;
    }
    return store.end_job(job.id, state, output, error);
}

}  // namespace

asio::awaitable<Status> write_job_output(store::StoreExecutor& store, store::Blobs& blobs,
                                         asio::any_io_executor blocking, store::Job job,
                                         store::JobState state, bool limit_reached) {
    std::function<Result<bool>(store::Store&)> begin = [&](store::Store& s) -> Result<bool> {
        GLEANER_TRY(const auto current, s.job_by_id(job.id));
        const bool ended = current.ended.has_value();
        if (!ended) {
            GLEANER_TRY(s.set_job_state(job.id, store::JobState::finalizing));
        }
        return ended;
    };
    const auto ended = co_await store.write(std::move(begin));
    if (ended.has_error()) co_return ended.error();
    if (ended.value()) co_return ok();

    std::function<Result<std::shared_ptr<JobOutput>>()> open =
        [&]() -> Result<std::shared_ptr<JobOutput>> {
        GLEANER_TRY(auto input, JobInput::open(blobs.file_path(job.input_file), job));
        return std::make_shared<JobOutput>(blobs, job, state, limit_reached, std::move(input));
    };
    auto opened = co_await offload(blocking, std::move(open));
    if (opened.has_error()) co_return std::move(opened).error();
    const auto output = std::move(opened).value();

    std::function<Result<int>(store::Store&)> write = [&](store::Store& s) -> Result<int> {
        GLEANER_TRY(output->write(s));
        return 0;
    };
    const auto written = co_await store.read(std::move(write));
    if (written.has_error()) co_return written.error();

    std::function<Result<JobFiles>()> commit = [&] { return output->commit(); };
    const auto files = co_await offload(blocking, std::move(commit));
    if (files.has_error()) co_return files.error();

    std::function<Result<int>(store::Store&)> finish = [&](store::Store& s) -> Result<int> {
        GLEANER_TRY(register_and_end(s, job, state, files.value()));
        return 0;
    };
    const auto finished = co_await store.write(std::move(finish));
    if (finished.has_error()) co_return finished.error();
    co_return ok();
}

}  // namespace gleaner::runtime
