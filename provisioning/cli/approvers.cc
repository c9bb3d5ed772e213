#include "provisioning/cli/approvers.h"

#include <filesystem>

#include "firmware/base/file.h"
#include "hsm/approvers.h"
#include "hsm/keyd/approval.h"
#include "provisioning/cli/table.h"

namespace privyseal::cli {
namespace {

const Option kFile{.name = "file",
                   .value = "PATH",
                   .help = "where keyd's settings say that they are; " + std::string(hsm::kApproversFile),
                   .kind = Option::Kind::kOptional};

Report report_on(const std::vector<keyd::Approver>& approvers) {
  JsonArray list;
  Table table({"PERSON", "PASSKEY (SHA-256)"});
  for (const keyd::Approver& approver : approvers) {
    list.push_back(JsonObject{{"person", approver.person}, {"passkey", approver.fingerprint()}});
    table.add({approver.person, approver.fingerprint()});
  }
  return {
      .json = {{"ok", true}, {"approvers", std::move(list)}},
      .text = table.text("Nobody may approve that a key is destroyed: no key can be.") +
              (approvers.empty() ? "" : "\nA retired key is destroyed when two of these persons approve.\n")};
}

Result<Report> show(const Arguments& arguments, Surroundings&) {
  const std::filesystem::path file =
      arguments.has("file") ? std::filesystem::path(arguments.text("file")) : hsm::kApproversFile;
  const auto content = read_file(file, hsm::kMaxApproversBytes);
  if (!content && content.error().code == ErrorCode::kNotFound) return report_on({});
  if (!content) return std::unexpected(content.error());
  const auto approvers = keyd::parse_approvers(text_of(*content));
  if (!approvers) return fail(file.string(), approvers.error());
  return report_on(*approvers);
}

}  // namespace

std::vector<Command> approver_commands() {
  return {{.words = "key approvers show",
           .summary = "who may approve that a retired key is destroyed",
           .bare = {},
           .options = {kFile},
           .what = Task{nothing_to_check, show}}};
}

}  // namespace privyseal::cli
