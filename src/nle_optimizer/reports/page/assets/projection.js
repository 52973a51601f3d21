/** Grid metres to pixels and back: a centre, and pixels a metre. */
class Projection {
  constructor() {
    Object.assign(this, { east: 400000, north: 350000, scale: 0.001, width: 1, height: 1, least: 0.0001 });
  }

  size(width, height) {
    Object.assign(this, { width, height });
  }

  /** Fit a box of grid metres into the picture. */
  fit([west, south, east, north], margin = 24) {
    this.east = (west + east) / 2;
    this.north = (south + north) / 2;
    const across = (this.width - 2 * margin) / Math.max(east - west, 5000);
    const upright = (this.height - 2 * margin) / Math.max(north - south, 5000);
    this.scale = Math.max(Math.min(across, upright), 1e-5);
    return this.scale;
  }

  x(east) {
    return this.width / 2 + (east - this.east) * this.scale;
  }

  y(north) {
    return this.height / 2 - (north - this.north) * this.scale;
  }

  move(right, down) {
    this.east -= right / this.scale;
    this.north += down / this.scale;
  }

  /** Zoom by a factor, keeping the place under a pixel where it is. */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.least), 0.2);
    const [right, down] = [x - this.width / 2, y - this.height / 2];
    this.east += right / this.scale - right / scale;
    this.north -= down / this.scale - down / scale;
    this.scale = scale;
  }

  centre(east, north, scale) {
    Object.assign(this, { east, north, scale: Math.max(this.scale, scale) });
  }
}
