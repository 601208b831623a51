// A picture to send when nobody has one at hand: an aeroplane over hills, another sky each time.

const [WIDTH, HEIGHT] = [480, 320]; // pixels

export function drawPicture() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const paint = canvas.getContext("2d");
  const hue = 190 + Math.floor(Math.random() * 70);
  const sky = paint.createLinearGradient(0, 0, 0, HEIGHT);
  sky.addColorStop(0, `hsl(${hue} 55% 62%)`);
  sky.addColorStop(1, "hsl(35 80% 86%)");
  fill(paint, sky, [[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]]);
  fill(paint, `hsl(${hue} 25% 52%)`, [[0, 250], [110, 190], [210, 240], [330, 180], [480, 240], [480, 320], [0, 320]]);
  fill(paint, `hsl(${hue} 30% 38%)`, [[0, 290], [160, 240], [300, 285], [480, 250], [480, 320], [0, 320]]);
  paint.translate(250, 110);
  paint.rotate(-0.2);
  fill(paint, "#fff", [[-90, 0], [60, -14], [92, -4], [60, 8], [-90, 14]]);
  fill(paint, "#e8edf2", [[-10, 2], [30, -2], [-40, 62], [-58, 62]]);
  fill(paint, "#e8edf2", [[-90, 4], [-108, -34], [-92, -34], [-62, -2]]);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

function fill(paint, colour, points) {
  paint.fillStyle = colour;
  paint.beginPath();
  for (const [x, y] of points) paint.lineTo(x, y);
  paint.fill();
}
