/// The console among stand-ins of the other daemons, for tests: real logs, signed, and seven mails on one
/// day.
#pragma once

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fake_appliance.h"
#include "tests/support/process.h"
#include "web-admin/server/console_fixture.h"

namespace privyseal::web {

/// An officer is signed in. The day is 10 March 2026.
class ApplianceTest : public OfficerTest {
 protected:
  ApplianceTest() {
    settings_.gateway_door = appliance_.run() / "privyseal-gateway/door";
    settings_.renewal_door = appliance_.run() / "privyseal-renewd/door";
    settings_.keyd_socket = appliance_.run() / "privyseal-keyd/socket";
    appliance_.answer("gatewayd", "status", JsonObject{{"state", "running"}});
    appliance_.answer("renewd", "cert-list", JsonObject{{"identities", JsonArray()}});
    for (const char* daemon : {"keyd", "renewd"})
      appliance_.append(daemon, {.actor = daemon, .action = "start"});
    for (int i = 0; i < 7; ++i) appliance_.add_mail("alice@lawfirm.example");
    appliance_.sign_logs();
  }
  ~ApplianceTest() override {
    packer_.stop();
    ledger_exporter_.stop();
  }

  std::string page_once_without(const std::string& path, std::string_view words) {
    for (int i = 0; i < 2'000; ++i) {
      const std::string page = get(path).body;
      if (!page.contains(words)) return page;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return "it never ended";
  }
  /// In the page's first link that begins so.
  static std::string hash_behind(const std::string& path, const std::string& page) {
    const std::string mark = "href=\"" + path;
    const auto at = page.find(mark);
    return at == std::string::npos ? "" : page.substr(at + mark.size(), 64);
  }
  static std::string whole(const Response& response) {
    const LongBody& long_body = *response.long_body;
    std::string body;
    while (body.size() < long_body.size_bytes) {
      const auto piece = long_body.next();
      if (!piece || piece->empty()) return "broken off";
      body += *piece;
    }
    return body;
  }
  /// What the auditor's own tools say.
  int run(const std::string& program, const std::vector<std::string>& arguments) {
    std::filesystem::remove(said_);
    auto child = test::ChildProcess::start(
        {.program = program, .arguments = arguments, .environment = {"PATH=/usr/bin:/bin"}, .output = said_});
    return child.value().wait(std::chrono::minutes(2)).value();
  }
  std::string said() const { return content(said_); }
  static std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Into the test's folder.
  void unpack(const Response& archive) {
    const std::string at = folder_.path().string();
    std::ofstream(at + "/taken.tar") << whole(archive);
    ASSERT_EQ(run("/usr/bin/tar", {"-xf", at + "/taken.tar", "-C", at}), 0) << said();
  }
  int verify_unpacked(const std::string& folder) {
    return run("/usr/bin/python3",
               {"-I", PRIVYSEAL_AUDIT_FOLDER "/verify_pack.py", (folder_.path() / folder).string()});
  }
  /// What has a name in the console's state folder.
  std::vector<std::string> names_kept() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      all.push_back(entry.path().filename());
    std::ranges::sort(all);
    return all;
  }

  test::FakeAppliance appliance_;
  std::filesystem::path said_ = folder_.path() / "said";
};

}  // namespace privyseal::web
