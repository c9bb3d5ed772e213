#include "web-admin/server/token_banner.h"

#include "hsm/client.h"
#include "provisioning/evidence/token_standing.h"

namespace privyseal::web {

bool TokenBanner::is_test(std::chrono::steady_clock::time_point now) {
  if (!settings_.validated_token) return true;
  if (!asked_at_ || now - *asked_at_ >= kAskEvery) {
    is_test_ =
        !evidence::judge_token(true, hsm::Client(settings_.keyd_socket, kPatience).condition()).is_claimed;
    asked_at_ = now;
  }
  return is_test_;
}

}  // namespace privyseal::web
