// Mental-Pong's physics: the same closed form as tasks/mental_pong.py, with its numbers (data/pong.js).
(() => {
  "use strict";
  const game = window.innerscorePong;
  if (!game) return;
  const wall = game.half_arena_deg - game.ball_radius_deg;

  const modulo = (value, by) => value - by * Math.floor(value / by);

  // A straight line folded at the walls: each bounce is a reflection.
  function fold(y) {
    const phase = modulo(y + wall, 4 * wall);
    return phase > 2 * wall ? 3 * wall - phase : phase - wall;
  }

  const across = (condition) => condition.speed * Math.cos(condition.heading);
  const upward = (condition) => condition.speed * Math.sin(condition.heading);

  // Time from motion onset to the right edge, in ms.
  const endMs = (condition) => 1000 * (game.half_arena_deg - condition.x0) / across(condition);

  // The ball's centre in deg, at a time in ms after motion onset; at rest before it.
  function ballAt(condition, ms) {
    const seconds = Math.min(Math.max(ms, 0), endMs(condition)) / 1000;
    return { x: condition.x0 + across(condition) * seconds, y: fold(condition.y0 + upward(condition) * seconds) };
  }

  // The paddle a frame later, moving towards a place at no more than the joystick's speed.
  function paddleAfter(y, target) {
    const most = game.paddle_speed_deg_per_ms * game.frame_ms;
    const end = Math.min(Math.max(target, -game.half_arena_deg), game.half_arena_deg);
    return y + Math.min(Math.max(end - y, -most), most);
  }

  // Where a ball bounces: "none", "visible" or "occluded".
  function bounce(condition) {
    const unfolded = condition.y0 + upward(condition) * endMs(condition) / 1000;
    if (Math.abs(unfolded) < wall) return "none";
    const reach = (Math.sign(unfolded) * wall - condition.y0) / upward(condition);
    return condition.x0 + across(condition) * reach < game.occluder_deg ? "visible" : "occluded";
  }

  window.innerscorePhysics = { ballAt, bounce, endMs, paddleAfter };
})();
