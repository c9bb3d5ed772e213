/// Keeps the certificates of one identity alive: asks rotation what comes next, and does it.
///
/// Every outcome is recorded with its audit entry before the next step is asked for. While a step waits for
/// the network a person may act at the door; the step's outcome then counts only if its generation is still
/// as it was.
///
/// Threads: one loop. Ownership: `services` must outlive it, and it the loop's run.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ca/identity_folder.h"
#include "ca/import_policy.h"
#include "ca/renewd/est_client.h"
#include "ca/renewd/issuing.h"
#include "ca/renewd/keys.h"
#include "ca/renewd/settings.h"
#include "ca/rotation.h"
#include "ca/store.h"
#include "firmware/base/door.h"
#include "firmware/tls/net.h"

namespace privyseal::renewd {

/// What all identities share.
struct Services {
  ca::Store& store;
  const Clock& clock;
  Keys keys;
  std::shared_ptr<const tls::Library> library;
  std::optional<EstClient> est;
  std::unique_ptr<Issuing> issuing;
  std::filesystem::path state;
};

class Renewal {
 public:
  Renewal(net::io_context& loop, Services& services, IdentitySettings settings);

  /// Until stop().
  [[nodiscard]] net::awaitable<void> run();
  void stop();

  [[nodiscard]] const IdentitySettings& settings() const { return settings_; }
  [[nodiscard]] Result<ca::IdentityState> identity() const;
  [[nodiscard]] Result<std::optional<ca::StandingAlarm>> alarm() const;

  // What a person asks for at the door. kConflict: not in this state; the message says why.
  /// A new generation, as far as its request. While one is under way only in its place: `instead_of` names
  /// it, so that nobody gives up by mistake what was asked for meanwhile.
  [[nodiscard]] Result<ca::Generation> request(std::optional<std::int64_t> instead_of, const Actor& actor);
  /// Also in place of a certificate that came before and is not in service; its trial then begins.
  /// kInvalid: the certificate was refused, with every reason in the message.
  [[nodiscard]] Result<ca::Generation> import(std::string_view pem, const Actor& actor);
  [[nodiscard]] Result<void> activate(const Actor& actor);
  [[nodiscard]] Result<void> roll_back(const Actor& actor);
  /// Now and not when it is due: a new generation, or the next attempt with the one under way.
  [[nodiscard]] Result<void> renew(const Actor& actor);

 private:
  using Generation = ca::Generation;

  /// One thing that happened, for the audit log.
  struct Event {
    std::string action;
    std::string outcome = "ok";
    std::string why{};
  };

  net::awaitable<void> pause(std::chrono::milliseconds most);
  net::awaitable<Result<void>> take(ca::Step step, ca::IdentityState identity);
  Result<void> take_now(const ca::Step& step, const ca::IdentityState& identity, const Actor& actor);

  Result<void> start(const ca::IdentityState& identity, const Actor& actor);
  Result<void> start_instead_of(std::int64_t number, const ca::IdentityState& identity, const Actor& actor);
  Result<void> make_key(const Generation& generation, const Actor& actor);
  Result<void> make_csr(const Generation& generation, const Actor& actor);
  Result<void> judge(const Generation& generation, const ca::IdentityState& identity, const Actor& actor);
  Result<void> activate_now(const ca::IdentityState& identity, const Generation& generation,
                            const Actor& actor);
  Result<void> roll_back_now(const ca::IdentityState& identity, const Generation& generation,
                             const Actor& actor);
  Result<void> retire(const Generation& generation, const Actor& actor);
  net::awaitable<Result<void>> submit(Generation generation, std::optional<Generation> active);
  net::awaitable<Result<void>> probe(Generation generation);
  net::awaitable<Result<void>> prove_live(Generation generation);

  Result<void> take_answer(const Generation& generation, const ca::EstAnswer& answer);
  Result<ca::Judgement> judgement_of(const Generation& generation, const ca::IdentityState& identity,
                                     std::string_view chain) const;
  Result<void> note_refused_trial(const Generation& generation, const std::string& why);
  net::awaitable<Result<void>> try_relay(Generation generation);
  net::awaitable<Result<void>> look_at_port(Generation generation);
  [[nodiscard]] std::filesystem::path roots() const;
  Result<std::vector<ca::Certificate>> root_certificates() const;

  /// The generation with what the accepted leaf says.
  [[nodiscard]] static Generation accepted_as(Generation generation, const ca::Judgement& judgement);
  /// Spreads what many boxes would do at the same moment; nothing secret hangs on it.
  [[nodiscard]] static std::int64_t random_permille();
  /// Who acts when nobody asked.
  [[nodiscard]] static const Actor& daemon();

  /// False: a person acted meanwhile.
  [[nodiscard]] bool is_unchanged(const Generation& generation) const;
  Result<void> record(std::vector<Generation> changed, Event event, const Actor& actor);
  Result<void> delay(const Generation& generation, std::string action, const std::string& why,
                     std::optional<std::chrono::milliseconds> wait = {});
  Result<void> review_alarm(const ca::IdentityState& identity);
  audit::Entry entry(const Event& event, std::int64_t generation, const Actor& actor) const;
  [[nodiscard]] WallTime now() const { return services_.clock.now(); }

  Services& services_;
  const IdentitySettings settings_;
  const ca::IdentityFolder folder_;
  boost::asio::steady_timer timer_;
  bool stopping_ = false;
};

}  // namespace privyseal::renewd
