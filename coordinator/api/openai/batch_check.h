#pragma once
/// Reads a batch's input file once, before anything is admitted: every line is checked, the most it
/// can cost is added up. Blocking: for the pool of threads.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/api/openai/model_catalogue.h"
#include "coordinator/core/admission/job_hold.h"
#include "coordinator/openai/request.h"
#include "shared/model/money.h"

namespace gleaner::api {

/// What is wrong with the file as a whole or with a line's envelope: the batch fails by it.
struct BatchFault {
    std::int64_t line = 0;  ///< as an editor counts, from 1; 0: the file
    ApiError error;
};

/// A line whose request is refused: it goes to the error file and costs nothing.
struct RefusedLine {
    std::int64_t index = 0;
    ApiError error;
};

struct BatchCheck {
    std::int64_t lines = 0;
    store::Model model;                         ///< unset when there are faults
    ledger::Tariff tariff;                      ///< likewise
    std::optional<core::JobEstimate> estimate;  ///< likewise
    std::vector<BatchFault> faults;             ///< the first 100
    std::vector<RefusedLine> refused;

    /// The most that the job can cost.
    [[nodiscard]] Money hold() const { return estimate ? estimate->highest() : Money{}; }
    /// OpenAI's `errors` object; empty without faults.
    [[nodiscard]] std::string errors_json() const;
};

struct BatchCheckRequest {
    std::filesystem::path path;
    openai::Endpoint endpoint = openai::Endpoint::chat_completions;
    std::shared_ptr<const ModelTable> models;
    std::uint32_t replicas = 1;
    std::size_t lines_max = 0;
    Currency currency = Currency::cny;
    PrivacyClass tier = PrivacyClass::any;
    WallTime now;
    WallTime deadline;
    std::map<Sha256, double> typical_answers = {};  ///< tokens, by model
    std::optional<ledger::Tariff> tariff = {};      ///< instead of what the models cost
};

/// Errors: not_found (the bytes are gone), io_failed.
[[nodiscard]] Result<BatchCheck> check_batch(const BatchCheckRequest& request);

}  // namespace gleaner::api
