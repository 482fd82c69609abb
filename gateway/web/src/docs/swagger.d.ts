declare module "swagger-ui-dist/swagger-ui-es-bundle" {
  /** The part of Swagger UI that the docs page uses. */
  interface SwaggerUIInstance {
    preauthorizeApiKey(scheme: string, key: string): void;
  }
  export default function SwaggerUI(options: Record<string, unknown>): SwaggerUIInstance;
}
