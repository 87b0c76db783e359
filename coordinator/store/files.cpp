#include <limits>

#include "coordinator/store/state.h"
#include "coordinator/store/store.h"
#include "shared/util/random.h"

namespace gleaner::store {

Result<File> Store::add_file(const File& file_given) {
    File added = file_given;
    if (added.id.empty()) added.id = FileId{random_token("file-", 20)};
    if (added.created == WallTime{}) added.created = state_->clock.wall();
    GLEANER_TRY(auto rows,
                state_->database->change(sql::insert_file, added.id, added.project, added.purpose,
                                         added.filename, added.bytes, added.created));
    if (rows > 0) return added;
    auto known = file(added.project, added.id);
    if (known.has_value() && known.value().bytes == added.bytes &&
        known.value().purpose == added.purpose && known.value().filename == added.filename) {
        return known;
    }
    return Error(ErrorCode::already_exists, "another file has the id " + added.id.get());
}

Result<File> Store::file(const ProjectId& project, const FileId& id) {
    return state_->one("file", file_row, sql::select_file, id, project);
}

Result<std::vector<File>> Store::files(const ProjectId& project, std::string_view purpose,
                                       const FileId& after, std::int64_t limit, bool ascending) {
    std::int64_t from = ascending ? 0 : std::numeric_limits<std::int64_t>::max();
    if (!after.empty()) {
        Query query(*state_->database, sql::select_file_number, after, project);
        GLEANER_TRY(auto found, query.next());
        if (!found) return Error(ErrorCode::invalid_argument, "'after' names no file of yours");
        from = query.integer("number");
    }
    if (purpose.empty()) {
        return state_->all(file_row,
                           ascending ? sql::list_files_ascending : sql::list_files_descending,
                           project, from, limit);
    }
    return state_->all(
        file_row,
        ascending ? sql::list_files_of_purpose_ascending : sql::list_files_of_purpose_descending,
        project, from, limit, purpose);
}

Status Store::remove_file(const ProjectId& project, const FileId& id) {
    return state_->atomically([&]() -> Status {
        GLEANER_TRY(file(project, id));
        Query query(*state_->database, sql::select_open_job_reading_file, project, id);
        GLEANER_TRY(auto in_use, query.next());
        if (in_use) {
            return Error(ErrorCode::failed_precondition,
                         "batch " + query.text("id") +
                             " still reads this file: cancel the batch or wait for its end");
        }
        return state_->database->run(sql::delete_file, id, project);
    });
}

Result<std::vector<FileId>> Store::file_ids() {
    return state_->all(
        +[](const Query& row) { return row.id<FileId>("id"); }, sql::list_file_ids);
}

Result<std::int64_t> Store::stored_bytes(const ProjectId& project) {
    Query query(*state_->database, sql::sum_file_bytes, project);
    GLEANER_TRY(auto found, query.next());
    return found ? query.integer("bytes") : 0;
}

}  // namespace gleaner::store
