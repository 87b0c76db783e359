/// gleanerctl job: batches, by the OpenAI-compatible API.

#include <filesystem>
#include <fstream>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "client-core/cli/batch_file.h"
#include "client-core/cli/context.h"
#include "client-core/cli/job_progress.h"
#include "client-core/cli/output.h"
#include "shared/config/value_text.h"
#include "shared/model/privacy.h"

namespace gleaner::cli {

namespace json = boost::json;

namespace {

struct SubmitOptions {
    std::string path;
    std::string endpoint;
    std::string window = "24h";
    std::string privacy;
    std::int64_t replicas = 0;
    std::vector<std::string> metadata;
    std::string idempotency_key;
    std::string max_price;
    std::int64_t price_book = 0;
    std::string reservation;
    bool watch = false;
};

struct WatchOptions {
    std::string id;
    std::string interval = "1s";
};

const std::vector<Column> job_columns = {
    {"id", "JOB"},
    {"status", "STATUS"},
    {"endpoint", "ENDPOINT"},
    {"request_counts.total", "ITEMS"},
    {"request_counts.completed", "COMPLETED"},
    {"request_counts.failed", "FAILED"},
    {"input_file_id", "INPUT"},
    {"output_file_id", "OUTPUT"},
    {"error_file_id", "ERRORS"},
    {"gleaner.max_price", "MAX PRICE"},
    {"gleaner.reservation", "RESERVATION"},
    {"gleaner.note", "NOTE"},
};

std::string batch_target(const std::string& id) {
    return "/v1/batches/" + percent_encode(id);
}

/// Why a job did not start: OpenAI's list of errors in the input, by line.
void print_errors(const Context& context, const json::value& batch) {
    const json::value* errors =
        batch.is_object() ? batch.get_object().if_contains("errors") : nullptr;
    if (errors == nullptr || !errors->is_object()) return;
    const json::value* list = errors->get_object().if_contains("data");
    if (list == nullptr || !list->is_array()) return;
    for (const json::value& error : list->get_array()) {
        const std::int64_t line = integer_at(error, "line");
        if (line > 0) context.err << "line " << line << ": ";
        context.err << text_at(error, "message") << "\n";
    }
}

Status outcome_of(const Context& context, const json::value& batch) {
    const JobSnapshot job = snapshot_of(batch);
    if (context.json) context.out << json::serialize(batch) << "\n";
    if (job.status == "completed" && job.failed == 0) return ok();
    if (!context.json) print_errors(context, batch);
    if (job.status == "completed") {
        return Error(ErrorCode::failed_precondition,
                     std::to_string(job.failed) + " of " + std::to_string(job.total) +
                         " items failed: see gleanerctl job errors " + job.id);
    }
    return Error(ErrorCode::failed_precondition, "job " + job.id + " ended as " + job.status);
}

Status watch(const Context& context, ApiClient& api, const std::string& id, Duration interval) {
    JobProgress progress;
    JobSnapshot shown;
    // With --json, stdout is for the final batch; progress goes to stderr either way.
    std::ostream& lines = context.json ? context.err : context.out;
    int failures = 0;
    while (true) {
        const auto batch = api.get(batch_target(id));
        if (!batch) {
            // A coordinator that restarts is no reason to stop watching.
            const ErrorCode code = batch.error().code();
            const bool passing = code == ErrorCode::unavailable || code == ErrorCode::timeout;
            if (!passing || ++failures > 60) return batch.error();
            context.pause(interval);
            continue;
        }
        failures = 0;
        const JobSnapshot job = snapshot_of(batch.value());
        progress.see(job, context.clock.now());
        if (context.err_is_terminal) {
            context.err << "\r\x1b[K" << progress.bar() << std::flush;
        } else if (job != shown) {
            lines << progress.line() << "\n" << std::flush;
        }
        shown = job;
        if (job.ended()) {
            if (context.err_is_terminal) context.err << "\n";
            return outcome_of(context, batch.value());
        }
        context.pause(interval);
    }
}

Result<json::object> metadata_of(const SubmitOptions& options) {
    json::object metadata;
    for (const std::string& pair : options.metadata) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error(ErrorCode::invalid_argument,
                         "--metadata is written KEY=VALUE, not \"" + pair + "\"");
        }
        metadata[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    return metadata;
}

Status submit(const Context& context, const SubmitOptions& options) {
    GLEANER_TRY(const auto endpoint, batch_endpoint(options.path, options.endpoint));
    GLEANER_TRY(auto metadata, metadata_of(options));
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto file, upload_batch_file(context, api, options.path));
    json::object body{
        {"input_file_id", file}, {"endpoint", endpoint}, {"completion_window", options.window}};
    if (!metadata.empty()) body["metadata"] = std::move(metadata);
    if (!options.max_price.empty()) body["max_price"] = options.max_price;
    json::object extension;  // Gleaner's own, beside OpenAI's members
    if (!options.privacy.empty()) extension["privacy"] = options.privacy;
    if (options.replicas > 0) extension["replicas"] = options.replicas;
    if (options.price_book > 0) extension["price_book"] = options.price_book;
    if (!options.reservation.empty()) extension["reservation"] = options.reservation;
    if (!extension.empty()) body["gleaner"] = std::move(extension);
    GLEANER_TRY(const auto batch, api.post("/v1/batches", body, options.idempotency_key));
    print_warnings(context, batch);
    if (!options.watch) {
        print_record(context, batch, job_columns);
        return ok();
    }
    const std::string id = text_at(batch, "id");
    (context.json ? context.err : context.out) << "job " << id << "\n";
    return watch(context, api, id, std::chrono::seconds(1));
}

Status watch_one(const Context& context, const WatchOptions& options) {
    GLEANER_TRY(const Duration interval, config::parse_duration(options.interval));
    GLEANER_TRY(auto api, context.connect());
    return watch(context, api, options.id,
                 std::max<Duration>(interval, std::chrono::milliseconds(50)));
}

Status list(const Context& context) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto batches, api.get("/v1/batches?limit=100"));
    print_list(context, batches, job_columns,
               "No jobs. Submit one with: gleanerctl job submit FILE.jsonl");
    return ok();
}

Status show(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto batch, api.get(batch_target(id)));
    print_record(context, batch, job_columns);
    if (!context.json) print_errors(context, batch);
    return ok();
}

Status cancel(const Context& context, const std::string& id) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto batch, api.post(batch_target(id) + "/cancel", json::object()));
    print_record(context, batch, job_columns);
    return ok();
}

/// Writes a job's output or error file to a file or stdout as it comes.
Status fetch(const Context& context, const std::string& id, const std::string& which,
             const std::string& out_path) {
    GLEANER_TRY(auto api, context.connect());
    GLEANER_TRY(const auto batch, api.get(batch_target(id)));
    const std::string file = text_at(batch, which + "_file_id");
    if (file.empty()) {
        return Error(ErrorCode::not_found, "job " + id + " has no " + which +
                                               " file; its status is " + text_at(batch, "status"));
    }
    std::ofstream file_out;
    if (!out_path.empty()) {
        file_out.open(out_path, std::ios::binary);
        if (!file_out) return Error(ErrorCode::io_failed, "cannot write " + out_path);
    }
    std::ostream& out = out_path.empty() ? context.out : file_out;
    GLEANER_TRY(api.download(
        "/v1/files/" + percent_encode(file) + "/content", [&](std::string_view bytes) -> Status {
            out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
            if (out) return ok();
            return Error(ErrorCode::disk_full, "cannot write the output: is the disk full?");
        }));
    out.flush();
    if (!out) return Error(ErrorCode::disk_full, "cannot write the output: is the disk full?");
    return ok();
}

void add_submit(CLI::App& group, Context& context) {
    auto options = std::make_shared<SubmitOptions>();
    CLI::App* command = group.add_subcommand("submit", "Send a JSONL file and start it as a job");
    command->add_option("FILE", options->path, "One request a line, as OpenAI's batch files")
        ->required();
    command->add_option("--endpoint", options->endpoint, "Default: the url of the first line");
    command->add_option("--window", options->window, "Latest time to finish")
        ->capture_default_str();
    command
        ->add_option("--privacy", options->privacy,
                     "any: every node; certified: certified sites; own: your own sites only. Who "
                     "runs a machine can read what it computes")
        ->check(CLI::IsMember({"any", "certified", "own"}));
    command->add_option("--replicas", options->replicas, "Answer each item on so many sites")
        ->check(CLI::Range(1, 3));
    command->add_option("--max-price", options->max_price,
                        "The most that it may cost, in the project's currency: 12.5");
    command->add_option("--price-book", options->price_book,
                        "Refuse it when another version of the prices is in force than was quoted");
    command->add_option("--reservation", options->reservation,
                        "On the machines of this contract, or none: on those that all share");
    command->add_option("--metadata", options->metadata, "KEY=VALUE, kept with the job")
        ->expected(1)
        ->take_all();
    command->add_option("--idempotency-key", options->idempotency_key,
                        "Repeating the command with the same key starts the job once");
    command->add_flag("--watch", options->watch, "Stay and show the progress");
    on_chosen(*command, context, [&context, options] { return submit(context, *options); });
}

void add_fetch(CLI::App& group, Context& context, const std::string& name, const std::string& which,
               const std::string& description) {
    auto id = std::make_shared<std::string>();
    auto out = std::make_shared<std::string>();
    CLI::App* command = group.add_subcommand(name, description);
    command->add_option("JOB", *id, "The job's id")->required();
    command->add_option("--out", *out, "Write to this file instead of stdout");
    on_chosen(*command, context,
              [&context, id, which, out] { return fetch(context, *id, which, *out); });
}

}  // namespace

void add_job_commands(CLI::App& program, Context& context) {
    CLI::App* group = program.add_subcommand("job", "Batch jobs (with a customer's key)");
    group->require_subcommand(1);
    add_submit(*group, context);

    CLI::App* all = group->add_subcommand("list", "List jobs");
    on_chosen(*all, context, [&context] { return list(context); });

    auto id = std::make_shared<std::string>();
    CLI::App* one = group->add_subcommand("show", "Show one job");
    one->add_option("JOB", *id, "The job's id")->required();
    on_chosen(*one, context, [&context, id] { return show(context, *id); });

    auto watched = std::make_shared<WatchOptions>();
    CLI::App* look = group->add_subcommand("watch", "Follow a job to its end");
    look->add_option("JOB", watched->id, "The job's id")->required();
    look->add_option("--interval", watched->interval, "Time between looks")->capture_default_str();
    on_chosen(*look, context, [&context, watched] { return watch_one(context, *watched); });

    CLI::App* stop =
        group->add_subcommand("cancel", "Stop a job; finished items are kept and paid");
    stop->add_option("JOB", *id, "The job's id")->required();
    on_chosen(*stop, context, [&context, id] { return cancel(context, *id); });

    add_fetch(*group, context, "output", "output", "Write a job's results, in input order");
    add_fetch(*group, context, "errors", "error", "Write what failed in a job, and why");
}

}  // namespace gleaner::cli
