#include <format>

#include "firmware/gateway/desk.h"
#include "firmware/gateway/policy_request.h"

namespace privyseal::gateway {
namespace {

JsonObject object_of(const RuleFiles::File& file) {
  JsonObject object{{"name", file.name},
                    {"from", file.is_brought ? "administrator" : "provisioning"},
                    {"since", to_rfc3339(file.since)},
                    {"bytes", file.bytes},
                    {"sha256", file.sha256}};
  if (file.rows) object["rows"] = *file.rows;
  if (file.left_out > 0) object["left_out"] = file.left_out;
  if (file.hides_given) object["hides_provisioning"] = true;
  return object;
}

/// "March's export (12 rows, 3456 bytes)": what the log keeps of a file besides its hash.
std::string why_of(const std::string& why, const RuleFiles::File* file) {
  if (file == nullptr) return why;
  const std::string rows = file->rows ? std::format("{} rows, ", *file->rows) : "";
  return std::format("{} ({}{} bytes)", why, rows, file->bytes);
}

Result<void> outcome_of(const Result<RuleBook::Change>& change) {
  if (!change) return std::unexpected(change.error());
  return {};
}

}  // namespace

/// {files: [{name, from, since, bytes, sha256, rows?, left_out?, hides_provisioning?}], failure?}: those in
/// use; `failure` says why newer ones are not.
Result<JsonObject> Desk::show_policy(const DoorRequest&) {
  const auto now = facts_.book.files();
  JsonArray files;
  for (const RuleFiles::File& file : now.files) files.push_back(object_of(file));
  JsonObject answer{{"files", std::move(files)}};
  if (!now.failure.empty()) answer["failure"] = now.failure;
  return answer;
}

/// As read_policy_part() says: {}. Nothing is in use by that, so it is not recorded.
Result<JsonObject> Desk::take_policy_part(const DoorRequest& request) {
  const auto part = read_policy_part(request.body);
  if (!part) return std::unexpected(part.error());
  return facts_.book.add_to_spool(part->after, part->content).transform([] { return JsonObject{}; });
}

/// As read_policy_setting() says: the file as show_policy() has it.
Result<JsonObject> Desk::set_policy(const DoorRequest& request) {
  const auto asked = read_policy_setting(request.body);
  if (!asked) return std::unexpected(asked.error());
  auto change = facts_.book.try_brought(asked->name, asked->sha256);
  JsonObject answer;
  if (change) answer = object_of(*change->file());
  const auto done = do_recorded(request,
                                {.object = "policy/" + asked->name,
                                 .why = why_of(asked->why, change ? change->file() : nullptr),
                                 .params_hash = asked->sha256},
                                outcome_of(change), [&] { return facts_.book.use(std::move(*change)); });
  if (!done) return std::unexpected(done.error());
  return answer;
}

/// As read_policy_removal() says: provisioning's file, as above; {} where it gave none.
Result<JsonObject> Desk::remove_policy(const DoorRequest& request) {
  const auto asked = read_policy_removal(request.body);
  if (!asked) return std::unexpected(asked.error());
  auto change = facts_.book.try_without(asked->name);
  JsonObject answer;
  if (change && change->file() != nullptr) answer = object_of(*change->file());
  const auto done = do_recorded(request, {.object = "policy/" + asked->name, .why = asked->why},
                                outcome_of(change), [&] { return facts_.book.use(std::move(*change)); });
  if (!done) return std::unexpected(done.error());
  return answer;
}

}  // namespace privyseal::gateway
