// files.ts
import { Get, Path, Responder, sendfile } from "tricorn";

const send = sendfile({ via: "X-Accel-Redirect", root: "/protected" });

@Responder("/files")
export class Files {
  @Get("/*")
  file(@Path("*") path: string) {
    return send(path);
  }
}
