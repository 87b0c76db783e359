#pragma once
/// A job's end: its output and error files in input order, registered, and the job ended.

#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "coordinator/store/records.h"
#include "shared/util/result.h"

namespace gleaner::store {
class Blobs;
class StoreExecutor;
}  // namespace gleaner::store

namespace gleaner::runtime {

inline constexpr std::string_view max_price_sentence =
    "This request was not executed: the most it could cost was more than what was left of the "
    "batch's max_price. It costs nothing; send it again with a higher max_price, or with fewer "
    "max_tokens.";

/// Writes OpenAI's output lines for the answered items and error lines for the failed ones and for
/// those that an expired, cancelled or (`limit_reached`) too dear job never ran, then ends the job
/// as `state` (completed, expired or cancelled). Streams from the store to `blocking`: memory does
/// not grow with the job. May be repeated after a crash at any point: the files' ids follow from
/// the job's. Errors: disk_full, io_failed: nothing has ended, call again.
[[nodiscard]] boost::asio::awaitable<Status> write_job_output(store::StoreExecutor& store,
                                                              store::Blobs& blobs,
                                                              boost::asio::any_io_executor blocking,
                                                              store::Job job, store::JobState state,
                                                              bool limit_reached);

}  // namespace gleaner::runtime
