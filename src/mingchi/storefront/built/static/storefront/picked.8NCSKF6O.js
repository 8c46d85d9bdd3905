import{C as o}from"./index-V_nKV6yL.js";const r=o("category",null);export{r as p};
