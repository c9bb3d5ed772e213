#include "tests/support/fake_appliance.h"

#include <unistd.h>

#include <array>
#include <format>

#include "firmware/base/audit/door_operations.h"
#include "firmware/base/audit/json_line.h"
#include "firmware/base/audit/log.h"
#include "firmware/base/check.h"
#include "firmware/base/door.h"
#include "firmware/base/guarded.h"
#include "tests/support/software_keys.h"

namespace privyseal::test {
namespace {

constexpr std::string_view kHost = "gateway.lawfirm.example";
constexpr std::size_t kPage = 3;  // small, so that every test of an extract asks more than once

constexpr std::array kOperations = [] {
  using std::string_view_literals::operator""sv;
  return std::array{"status"sv,
                    "mail-flow"sv,
                    "mail-partners"sv,
                    "mail-find"sv,
                    "mail-track"sv,
                    "ledger-extract"sv,
                    "cert-list"sv,
                    "cert-csr"sv,
                    "cert-request"sv,
                    "cert-import"sv,
                    "cert-renew"sv,
                    "cert-activate"sv,
                    "cert-rollback"sv,
                    "issue"sv,
                    "ca"sv,
                    "claim-code"sv,
                    "users"sv,
                    "audit-entries"sv,
                    "audit-checkpoint"sv,
                    "audit-verify"sv,
                    "line-switch"sv,
                    "rate-release"sv,
                    "revocations-take"sv,
                    "directory-search"sv,
                    "directory-export"sv,
                    "hold-add"sv,
                    "hold-list"sv,
                    "hold-end"sv,
                    "metrics"sv,
                    "policy-show"sv,
                    "policy-part"sv,
                    "policy-set"sv,
                    "policy-remove"sv};
}();

std::vector<DoorGrant> grants() {
  std::vector<DoorGrant> grants;
  for (const std::string_view operation : kOperations) grants.push_back({"provisioning", operation});
  return grants;
}

/// Signs with the software key that keyd shows as "audit".
class SoftwareSigner final : public audit::Signer {
 public:
  explicit SoftwareSigner(const SoftwareKeys& keys) : keys_(keys) {}

  [[nodiscard]] std::string name() const override { return "audit"; }
  [[nodiscard]] Result<Bytes> public_key() override {
    const auto answer = std::get<hsm::Answer>(keys_({.id = 1, .body = hsm::FindKeyRequest{"audit"}}));
    return std::get<hsm::KeysAnswer>(answer.body).keys.at(0).public_key;
  }
  [[nodiscard]] Result<Bytes> sign(std::string_view text) override {
    const auto answer = std::get<hsm::Answer>(
        keys_({.id = 1, .body = hsm::SignCheckpointRequest{"audit", std::string(text)}}));
    return std::get<hsm::SignatureAnswer>(answer.body).signature;
  }

 private:
  const SoftwareKeys& keys_;
};

/// The columns of the gateway's ledger, in their order.
std::string row_text(std::int64_t id, std::string_view at, const std::string& sender,
                     std::string_view outcome) {
  const bool is_open = outcome == "open";
  audit::JsonLine line;
  line.number("id", id).text("opened_at", at);
  is_open ? line.null("closed_at") : line.text("closed_at", at);
  line.text("direction", "out")
      .text("client_address", "192.0.2.25:40000")
      .text("sender", sender)
      .text("recipients", "bob@police.example.cjsm.net\ncarol@courts.example.cjsm.net");
  is_open ? line.null("size_bytes") : line.number("size_bytes", 1735);
  for (const char* side : {"", "lan_"}) {
    line.text(std::string(side) + "session_id",
              std::format("{}{:032x}", side == std::string() ? "" : "1", id))
        .text(std::string(side) + "tls_version", "TLSv1.3")
        .text(std::string(side) + "tls_group", "x25519")
        .text(std::string(side) + "tls_suite", "TLS_AES_256_GCM_SHA384")
        .text(std::string(side) + "peer_subject", "CN=relay.cjsm.example")
        .text(std::string(side) + "peer_serial", "65B0")
        .text(std::string(side) + "peer_issuer", "CN=Practice Egress CA")
        .number(std::string(side) + "resumed", 0);
  }
  line.text("hop", "relay.cjsm.example:4646").text("outcome", outcome);
  is_open ? line.null("reply") : line.text("reply", "250 2.0.0 Ok: \"queued\" caf\xc3\xa9");
  line.text("salt", std::format("{:032x}", id * 7)).number("form", 2);
  line.number("signatures", 1)
      .number("handshake_ms", 4)
      .number("lan_signatures", 1)
      .number("lan_handshake_ms", 5);
  for (const auto& [column, text] : {std::pair{"message_id", "42@lawfirm.example"},
                                     {"marking", "OFFICIAL-SENSITIVE"},
                                     {"verdict", "passed"}})
    is_open ? line.null(column) : line.text(column, text);
  for (const char* column : {"connect_ms", "record_ms", "body_ms", "verdict_ms"})
    is_open ? line.null(column) : line.number(column, 3);
  return line.line();
}

}  // namespace

struct FakeAppliance::Daemon {
  std::string name;
  std::filesystem::path database_file;
  std::unique_ptr<Database> database;  // the test's connection
  std::unique_ptr<audit::Log> log;
  std::unique_ptr<Database> reader;  // the door's
  std::vector<JsonObject> mails;
  Bytes public_key;
  std::map<std::string, Result<JsonObject>> answers;
  mutable Guarded<std::vector<JsonObject>> requests;
  std::vector<DoorGrant> grants = test::grants();
  std::unique_ptr<Door> door;  // last: it uses the others

  std::string origin() const { return std::format("{}/{}", kHost, name); }

  std::uint64_t append(const audit::Entry& entry) {
    const auto seq = transaction(*database, [&] { return log->append(entry); });
    CHECK(seq.has_value());
    return *seq;
  }

  Result<JsonObject> extract(const JsonObject& request) const {
    const auto after = json_number(request, "after_id");
    const auto from = json_text(request, "from");
    const auto to = json_text(request, "to");
    CHECK(after && from && to);
    JsonArray page;
    for (const JsonObject& mail : mails) {
      if (*json_number(mail, "id") <= *after) continue;
      const auto opened_at = *json_text(*json_object(mail, "row"), "opened_at");
      if (opened_at < *from || opened_at >= *to) continue;
      if (page.size() == kPage) return JsonObject{{"mails", std::move(page)}, {"more", true}};
      page.push_back(mail);
    }
    return JsonObject{{"mails", std::move(page)}, {"more", false}};
  }

  Result<JsonObject> answer(const DoorRequest& request) const {
    requests.with([&](auto& all) { all.push_back(request.body); });
    if (audit::is_door_operation(request.operation))
      return audit::answer_door(request.operation, request.body,
                                {.database = *reader, .origin = origin(), .public_key = public_key});
    if (request.operation == "ledger-extract") return extract(request.body);
    const auto found = answers.find(request.operation);
    if (found == answers.end()) return fail(ErrorCode::kNotFound, "no such operation");
    return found->second;
  }
};

struct FakeAppliance::Keyd {
  SoftwareKeys keys;
  Daemon* log = nullptr;
  mutable Guarded<std::string> token;
  std::unique_ptr<FakeKeyd> socket;

  FakeKeyd::Reply reply(const hsm::Request& request) const {
    audit::Log& own = *log->log;
    if (std::holds_alternative<hsm::HealthRequest>(request.body))
      return answer_to(request, hsm::HealthAnswer{.ready = true, .token = token.with(std::identity())});
    if (const auto* read = std::get_if<hsm::ReadAuditRequest>(&request.body))
      return answer_to(request, hsm::AuditEntriesAnswer{own.entries(read->after, read->limit).value()});
    if (std::holds_alternative<hsm::ReadAuditCheckpointRequest>(request.body))
      return answer_to(request,
                       hsm::AuditCheckpointAnswer{own.size().value(), own.last_checkpoint().value()});
    return keys(request);
  }
};

FakeAppliance::FakeAppliance() : keyd_(std::make_unique<Keyd>()) {
  keyd_->keys.add("audit", hsm::KeyType::kEcP256, hsm::KeyRole::kAudit);
  keyd_->keys.add("cjsm-1", hsm::KeyType::kEcP256, hsm::KeyRole::kCjsmIdentity);
  for (const auto& [name, folder] : {std::pair{"keyd", "privyseal-keyd"},
                                     {"gatewayd", "privyseal-gateway"},
                                     {"renewd", "privyseal-renewd"},
                                     {"admind", "privyseal-console"}}) {
    std::filesystem::create_directory(run() / folder);
    auto daemon = std::make_unique<Daemon>();
    daemon->name = name;
    daemon->database_file = run() / folder / "state.db";
    daemon->database =
        std::make_unique<Database>(Database::open(daemon->database_file, Database::Mode::kReadWrite).value());
    daemon->log =
        std::make_unique<audit::Log>(audit::Log::open(*daemon->database, daemon->origin(), clock_).value());
    daemon->public_key = SoftwareSigner(keyd_->keys).public_key().value();
    Daemon& made = *daemons_.emplace(name, std::move(daemon)).first->second;
    if (made.name == "keyd") {
      keyd_->log = &made;
      keyd_->socket = std::make_unique<FakeKeyd>(
          run() / folder / "socket", [this](const hsm::Request& request) { return keyd_->reply(request); });
      continue;
    }
    made.reader =
        std::make_unique<Database>(Database::open(made.database_file, Database::Mode::kReadWrite).value());
    made.door = Door::open({.path = run() / folder / "door",
                            .mode = 0600,
                            .group = {},
                            .callers = {{::getuid(), "provisioning"}}},
                           made.grants, [&made](const DoorRequest& request) { return made.answer(request); })
                    .value();
  }
}

FakeAppliance::~FakeAppliance() {
  keyd_->socket.reset();
  for (auto& [name, daemon] : daemons_) daemon->door.reset();
}

FakeAppliance::Daemon& FakeAppliance::at(const std::string& daemon) const { return *daemons_.at(daemon); }

void FakeAppliance::answer(const std::string& daemon, const std::string& operation,
                           Result<JsonObject> answer) {
  at(daemon).answers.insert_or_assign(operation, std::move(answer));
}

void FakeAppliance::stop(const std::string& daemon) {
  if (daemon == "keyd")
    keyd_->socket.reset();
  else
    at(daemon).door.reset();
}

void FakeAppliance::name_token(const std::string& token) {
  keyd_->token.with([&](std::string& name) { name = token; });
}

std::vector<JsonObject> FakeAppliance::requests(const std::string& daemon) const {
  return at(daemon).requests.with([](const auto& all) { return all; });
}

void FakeAppliance::append(const std::string& daemon, const audit::Entry& entry) { at(daemon).append(entry); }

std::int64_t FakeAppliance::add_mail(const std::string& sender, const std::string& outcome) {
  Daemon& gateway = at("gatewayd");
  const auto id = static_cast<std::int64_t>(gateway.mails.size()) + 1;
  const std::string now = to_rfc3339(clock_.now());
  const auto vouch = [&](std::string_view action, std::string_view state) {
    return gateway.append({.actor = "gatewayd",
                           .role = "daemon",
                           .action = std::string(action),
                           .object = std::format("mail/{}", id),
                           .params_hash = to_hex(sha256(bytes_of(row_text(id, now, sender, state)))),
                           .outcome = std::string(state)});
  };
  JsonObject mail{{"id", id},
                  {"salt", std::format("{:032x}", id * 7)},
                  {"row", *parse_json_object(row_text(id, now, sender, outcome))},
                  {"opened_seq", vouch("mail-opened", "open")},
                  {"closed_seq", nullptr}};
  if (outcome != "open") mail["closed_seq"] = vouch("mail-closed", outcome);
  gateway.mails.push_back(std::move(mail));
  return id;
}

void FakeAppliance::close_mail(std::int64_t id) {
  Daemon& gateway = at("gatewayd");
  JsonObject& mail = gateway.mails.at(static_cast<std::size_t>(id) - 1);
  const JsonObject& open = *json_object(mail, "row");
  const std::string row =
      row_text(id, *json_text(open, "opened_at"), *json_text(open, "sender"), "delivered");
  mail["closed_seq"] = gateway.append({.actor = "gatewayd",
                                       .role = "daemon",
                                       .action = "mail-closed",
                                       .object = std::format("mail/{}", id),
                                       .params_hash = to_hex(sha256(bytes_of(row))),
                                       .outcome = "delivered"});
  mail["row"] = *parse_json_object(row);
}

void FakeAppliance::sign_logs() {
  SoftwareSigner signer(keyd_->keys);
  for (auto& [name, daemon] : daemons_) CHECK(daemon->log->checkpoint(signer).has_value());
}

std::vector<JsonObject>& FakeAppliance::mails() { return at("gatewayd").mails; }

void FakeAppliance::tamper(const std::string& daemon, const char* sql) {
  CHECK(at(daemon).database->execute(sql).has_value());
}

}  // namespace privyseal::test
