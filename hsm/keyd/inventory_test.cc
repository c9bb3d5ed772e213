// The key inventory in hsm/README.md says what policy.h does: its lines are made from the tables here once
// more.
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "hsm/key_kind.h"
#include "hsm/keyd/policy.h"

namespace privyseal::keyd {
namespace {

constexpr std::array kRoles{KeyRole::kCjsmIdentity, KeyRole::kLanIdentity, KeyRole::kConsoleIdentity,
                            KeyRole::kIssuingCa, KeyRole::kAudit};
/// In the order of the table's columns.
constexpr std::array kColumns{Caller::kGateway, Caller::kRenewal, Caller::kConsole, Caller::kProvisioning};

std::string readme() {
  std::ostringstream text;
  text << std::ifstream(PRIVYSEAL_HSM_README).rdbuf();
  return text.str();
}

std::string joined(const std::vector<std::string>& parts, const std::string& last_comma = ", ") {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? last_comma : ", ") + parts[i];
  return text;
}

std::string kinds_of(KeyRole role) {
  std::vector<std::string> words;
  std::size_t rsa = 0;
  for (const hsm::KeyKind& kind : hsm::kKeyKinds) {
    if (!may_be(role, kind.type)) continue;
    const std::string text(kind.words);
    if (kind.family == hsm::KeyFamily::kRsa)
      ++rsa;
    else
      words.push_back(text.substr(text.find(' ') + 1));
  }
  EXPECT_TRUE(rsa == 0 || rsa == 3) << "the table has one word for all sizes";
  if (rsa > 0) words.emplace_back("RSA");
  return joined(words);
}

std::string checkpoints_of(Caller caller) {
  std::vector<std::string> logs;
  for (const std::string daemon : {"gatewayd", "renewd", "admind", "keyd"})
    if (may_sign_log_of(caller, daemon)) logs.push_back(daemon + "'s");
  if (may_sign_log_of(caller, "pack")) logs.emplace_back("packs");
  return "sign " + joined(logs, " and ");
}

std::string tls13_of(Caller caller, KeyRole role) {
  const bool client = may(caller, Operation::kSignTls13Client, role);
  const bool server = may(caller, Operation::kSignTls13Server, role);
  if (!client && !server) return "";
  return std::string("sign TLS 1.3 as ") + (client ? "client" : "") + (client && server ? " and " : "") +
         (server ? "server" : "");
}

std::string authority_of(Caller caller, KeyRole role) {
  std::vector<std::string> words;
  if (may(caller, Operation::kSignCertificate, role)) words.emplace_back("certificates");
  if (may(caller, Operation::kSignCrl, role)) words.emplace_back("CRLs");
  if (may(caller, Operation::kSignOcsp, role)) words.emplace_back("OCSP responses");
  return words.empty() ? "" : "sign " + joined(words, " and ");
}

std::string cell_of(Caller caller, KeyRole role) {
  static const std::map<Operation, std::string> kWords{{Operation::kGenerate, "generate"},
                                                       {Operation::kSignCsr, "sign its CSR"},
                                                       {Operation::kRetire, "retire"},
                                                       {Operation::kDestroy, "destroy"},
                                                       {Operation::kFindKey, "find"}};
  std::vector<std::string> words;
  for (const std::string& signs : {tls13_of(caller, role), authority_of(caller, role)})
    if (!signs.empty()) words.push_back(signs);
  if (may(caller, Operation::kSignCheckpoint, role)) words.push_back(checkpoints_of(caller));
  for (const Operation operation : {Operation::kGenerate, Operation::kSignCsr, Operation::kRetire,
                                    Operation::kDestroy, Operation::kFindKey})
    if (may(caller, operation, role)) words.push_back(kWords.at(operation));
  return joined(words);
}

/// The line of the table behind the role's own description.
std::string row_of(KeyRole role) {
  std::string row = "| " + kinds_of(role) + " |";
  for (const Caller caller : kColumns) {
    const std::string cell = cell_of(caller, role);
    row += cell.empty() ? " |" : " " + cell + " |";
  }
  return row;
}

/// "all", "all but gateway", or their names.
std::string callers_of(Operation operation) {
  std::vector<std::string> may_not;
  std::vector<std::string> may_do;
  for (const Caller caller : kCallers)
    (may(caller, operation, std::nullopt) ? may_do : may_not).emplace_back(to_string(caller));
  if (may_not.empty()) return "all";
  return may_not.size() == 1 ? "all but " + may_not[0] : joined(may_do, " and ");
}

TEST(KeyInventory, HasARowForEachRoleWithItsKindsAndWhatEachCallerMay) {
  std::map<std::string, std::string> rows;
  std::istringstream lines(readme());
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| `")) rows[line.substr(3, line.find('`', 3) - 3)] = line.substr(line.find('|', 1));
  EXPECT_EQ(rows.size(), kRoles.size());
  for (const KeyRole role : kRoles) EXPECT_EQ(rows[std::string(hsm::name_of(role))], row_of(role));
}

TEST(KeyInventory, NamesItsColumns) {
  std::string head = "| Role (`privyseal:ROLE:NAME` in CKA_LABEL) | Kinds |";
  for (const Caller caller : kColumns) head += " " + std::string(to_string(caller)) + " may |";
  EXPECT_TRUE(readme().contains(head)) << head;
}

TEST(KeyInventory, SaysWhoMayDoWhatIsAboutNoKey) {
  EXPECT_EQ(callers_of(Operation::kHealth), callers_of(Operation::kCountUses));
  std::string line = callers_of(Operation::kHealth) + " may ask for health and uses; " +
                     callers_of(Operation::kListKeys) + " may list; " + callers_of(Operation::kReadAudit) +
                     " may read keyd's own audit log.";
  line[0] = static_cast<char>(std::toupper(line[0]));
  EXPECT_TRUE(readme().contains("\n" + line + "\n")) << line;
}

TEST(KeyInventory, SaysWhichRolesSignTls12WhereItIsExcepted) {
  std::vector<std::string> roles;
  for (const KeyRole role : {KeyRole::kLanIdentity, KeyRole::kCjsmIdentity, KeyRole::kConsoleIdentity,
                             KeyRole::kIssuingCa, KeyRole::kAudit})
    if (may(Caller::kGateway, Operation::kSignTls12Server, role))
      roles.push_back("`" + std::string(hsm::name_of(role)) + "`");
  const std::string words = "roles (" + joined(roles) + ")";
  EXPECT_TRUE(readme().contains(words)) << words;
}

}  // namespace
}  // namespace privyseal::keyd
