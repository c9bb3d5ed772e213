#include "hsm/provider/job.h"

#include <openssl/async.h>

namespace privyseal::hsm::provider {
namespace {

bool is_given_up() {
  return ASYNC_WAIT_CTX_get_status(ASYNC_get_wait_ctx(ASYNC_get_current_job())) == ASYNC_STATUS_ERR;
}

/// No lock and no reference to a thread_local may be held here: others run on this thread meanwhile.
Result<void> pause_until_settled(Question& question) {
  while (!question.is_settled()) {
    const bool paused = ASYNC_pause_job() == 1;
    if (paused && !is_given_up()) continue;
    question.abandon();
    return fail(ErrorCode::kUnavailable, "keyd: the question was given up");
  }
  return {};
}

}  // namespace

std::optional<Wake> wake_of_this_job() {
  ASYNC_JOB* job = ASYNC_get_current_job();
  Wake wake;
  if (job == nullptr ||
      ASYNC_WAIT_CTX_get_callback(ASYNC_get_wait_ctx(job), &wake.function, &wake.argument) != 1 ||
      wake.function == nullptr)
    return std::nullopt;
  return wake;
}

Result<Bytes> signature_in_job(const Result<QuestionRef>& question) {
  if (!question) return std::unexpected(question.error());
  if (auto settled = pause_until_settled(**question); !settled) return std::unexpected(settled.error());
  return (*question)->signature();
}

Result<bool> health_in_job(AsyncClient& keyd, std::chrono::milliseconds deadline, Wake wake) {
  const auto question = keyd.health(deadline, wake);
  if (!question) return std::unexpected(question.error());
  if (auto settled = pause_until_settled(**question); !settled) return std::unexpected(settled.error());
  return (*question)->readiness();
}

}  // namespace privyseal::hsm::provider
