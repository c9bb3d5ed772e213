#include "tests/integration/renewd_lab.h"

#include <sys/stat.h>
#include <unistd.h>

#include <format>
#include <random>
#include <sstream>

#include "firmware/base/check.h"
#include "firmware/base/file.h"
#include "tests/peer/tcp_socket.h"

namespace privyseal::test {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

std::string content_of(const std::filesystem::path& file) {
  const auto content = read_file(file, kMaxFileBytes);
  return content ? std::string(text_of(*content)) : std::string();
}

}  // namespace

FakeEst::FakeEst(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  CHECK(::chmod(folder_.c_str(), 0755) == 0);
}

void FakeEst::play(const std::string& mode) const {
  CHECK(replace_file(folder_ / "mode", bytes_of(mode), 0644).has_value());
}

void FakeEst::start() {
  auto process = ChildProcess::start({.program = "/usr/bin/python3",
                                      .arguments = {PRIVYSEAL_FAKE_EST, folder_.string()},
                                      .environment = {"PATH=/usr/bin:/bin"},
                                      .output = folder_ / "log"});
  CHECK(process.has_value());
  process_ = std::make_unique<ChildProcess>(std::move(*process));
  const bool started = wait_until([&] { return std::filesystem::exists(folder_ / "up"); });
  if (!started) ADD_FAILURE() << content_of(folder_ / "log");
  CHECK(::chmod((folder_ / "root.pem").c_str(), 0644) == 0);
  CHECK(::chmod((folder_ / "server-ca.pem").c_str(), 0644) == 0);
}

void FakeEst::stop() {
  process_.reset();
  std::filesystem::remove(folder_ / "up");
}

std::string FakeEst::url() const { return "https://127.0.0.1:" + content_of(folder_ / "port"); }

std::vector<JsonObject> FakeEst::requests() const {
  std::vector<JsonObject> all;
  std::istringstream lines(content_of(folder_ / "requests.jsonl"));
  for (std::string line; std::getline(lines, line);) all.push_back(parse_json_object(line).value());
  return all;
}

RenewdLab::RenewdLab() { file("roots.pem", ca.pem()); }

void RenewdLab::start(const std::string& toml) {
  auto started =
      TestRenewd::start({.folder = keyd.folder() / "renewd", .keyd_socket = keyd.socket(), .toml = toml});
  if (!started) ADD_FAILURE() << started.error().message;
  CHECK(started.has_value());
  renewd = std::move(*started);
}

std::filesystem::path RenewdLab::file(const std::string& name, const std::string& content) const {
  const auto path = keyd.folder() / name;
  CHECK(replace_file(path, bytes_of(content), 0644).has_value());
  return path;
}

hsm::Client RenewdLab::provisioning() const { return hsm::Client(keyd.socket(), std::chrono::seconds(20)); }

bool RenewdLab::answers(const std::string& key) const {
  hsm::Client client(keyd.socket(), std::chrono::seconds(20));
  const auto found = client.find_key(key);
  return found && certificate_request(found->public_key, kGatewayName, [&](ByteView request_info) {
                    return client.sign_csr(key, request_info);
                  }).has_value();
}

std::size_t RenewdLab::key_pairs() const {
  std::size_t objects = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(keyd.token_folder()))
    if (entry.path().extension() == ".object" && entry.path().filename() != "token.object") ++objects;
  EXPECT_EQ(objects % 2, 0U) << "half a key pair";
  return objects / 2;
}

std::string RenewdLab::served_chain(const std::string& identity) const {
  return content_of(renewd->identity_folder(identity) / "active" / "chain.pem");
}

std::string RenewdLab::served_key(const std::string& identity) const {
  return content_of(renewd->identity_folder(identity) / "active" / "key.uri");
}

std::string RenewdLab::audit() const {
  const auto answer = renewd->ask("audit-entries", {{"after", 0}, {"limit", 500}});
  std::string text;
  const JsonArray* entries = answer ? json_array(*answer, "entries") : nullptr;
  if (entries != nullptr)
    for (const Json& entry : *entries) text += std::string(entry.as_string()) + "\n";
  return text;
}

std::uint16_t free_port() {
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> below_the_kernels(10'000, 32'000);
  std::uint16_t port = below_the_kernels(random);
  while (!peer::TcpListener::open(port)) port = below_the_kernels(random);
  return port;
}

bool wait_for_port(std::uint16_t port) {
  return wait_until([&] { return peer::TcpSocket::connect(port).has_value(); });
}

std::string manual_toml(const RenewdLab& lab, const std::string& more) {
  return std::format(
      "[identity.cjsm]\nissuer = \"manual\"\ncommon_name = \"{0}\"\norganisation = \"Law Firm\"\n"
      "dns_names = [\"{0}\"]\nroots = \"{1}/roots.pem\"\n{2}",
      kGatewayName, lab.keyd.folder().string(), more);
}

std::string est_toml(const RenewdLab& lab, const FakeEst& est, const std::string& more) {
  const auto password = lab.keyd.folder() / "est-password";
  CHECK(replace_file(password, bytes_of("open sesame\n"), 0400).has_value());
  CHECK(::chown(password.c_str(), kRenewalUid, kRenewalUid) == 0);
  return std::format(
      "[identity.cjsm]\nissuer = \"est\"\ncommon_name = \"{0}\"\ndns_names = [\"{0}\"]\nroots = "
      "\"{1}\"\n{2}\n"
      "[est]\nurl = \"{3}\"\nserver_name = \"est.example\"\nca = \"{4}\"\nuser = \"gateway\"\n"
      "password_file = \"{5}\"\n",
      kGatewayName, est.root().string(), more, est.url(), est.server_ca().string(), password.string());
}

std::string alarm_of(const JsonObject& identity) { return text_in(identity, "alarm", "why"); }

std::int64_t active_of(const JsonObject& identity) { return number_in(identity, "active", "generation"); }

bool is_candidate(const JsonObject& identity, std::string_view state) {
  return text_in(identity, "candidate", "state") == state;
}

}  // namespace privyseal::test
